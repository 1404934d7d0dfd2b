//! The job `backfill`: images that were pushed before the plan was switched on are scanned as well.
//!
//! A storm of old images must not hold up what is pushed now, nor one subscription another: a run asks for a few images
//! at a priority below that of pushes, and for the next run a moment later; between subscriptions the queue goes by
//! turns. A run begins where the one before ended, and one that is lost begins anew: asking twice for an image is
//! harmless.

use super::{JobError, Kind, Workshop, assess};
use graph::plans::{BACKFILL, BACKFILL_PRIORITY};
use jiff::{SignedDuration, Timestamp};
use oci::{Digest, RepositoryName};
use serde::{Deserialize, Serialize};
use store::{
    ImageKey, ImageState, Job, NewJob, PageRequest, Registry, RegistryId, RepositoryKey, Store, SummaryFilter,
};

/// The kind of this job.
pub const KIND: Kind = Kind {
    name: BACKFILL,
    run: |workshop, job, now| Box::pin(run(workshop, job, now)),
    gave_up: |_, _, _, _| Box::pin(async { Ok(()) }),
};

/// Images that one run asks for, and the pause before the next: at most 20 a second for each registry.
const AT_A_TIME: usize = 100;
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// Which registry, and where the run before ended.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    registry: RegistryId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<(RepositoryName, Digest)>,
}

async fn run(workshop: &Workshop, job: &Job, now: Timestamp) -> Result<(), JobError> {
    let Ok(order) = serde_json::from_value::<Order>(job.payload.clone()) else {
        tracing::error!(key = job.key, "a job names no registry; it is dropped");
        return Ok(());
    };
    let Some(registry) = workshop.store.registry(order.registry).await? else { return Ok(()) };
    // Switched off meanwhile.
    if !assess::is_standard(workshop, &registry).await? {
        return Ok(());
    }
    let (jobs, next) = wanted(&*workshop.store, &registry, order).await?;
    tracing::info!(
        registry = registry.name,
        images = jobs.len(),
        "images that were pushed before are scanned"
    );
    workshop.store.enqueue(jobs, now).await?;
    if let Some((repository, digest)) = next {
        let order = Order { registry: registry.id, after: Some((repository, digest)) };
        workshop.store.enqueue(vec![again(&registry, &order, now)], now).await?;
    }
    Ok(())
}

/// The next images that nobody asked for, and where to go on.
async fn wanted(
    store: &dyn Store,
    registry: &Registry,
    order: Order,
) -> Result<(Vec<NewJob>, Option<(RepositoryName, Digest)>), JobError> {
    let filter = SummaryFilter {
        registries: Some(vec![registry.id]),
        states: vec![ImageState::Unscanned],
        ..SummaryFilter::default()
    };
    let after = order
        .after
        .map(|(name, digest)| ImageKey { repository: RepositoryKey { registry: registry.id, name }, digest });
    let page = store.summaries(&filter, PageRequest { after, limit: AT_A_TIME }).await?;
    let jobs = page
        .items
        .iter()
        .map(|summary| assess::job(&summary.image, registry.subscription, BACKFILL_PRIORITY))
        .collect();
    Ok((jobs, page.next.map(|next| (next.repository.name, next.digest))))
}

/// The next run. It has a key of its own: asked for under the key of the one that runs, it would follow without a pause.
fn again(registry: &Registry, order: &Order, now: Timestamp) -> NewJob {
    let place = order.after.as_ref().map(|(name, digest)| format!("{name}@{digest}")).unwrap_or_default();
    NewJob {
        kind: BACKFILL,
        key: format!("{} after {place}", registry.id.0),
        subscription: Some(registry.subscription),
        priority: BACKFILL_PRIORITY,
        payload: serde_json::to_value(order).unwrap_or_default(),
        not_before: now.checked_add(PAUSE).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use store::{ImageSummary, SqliteStore, testing};

    const IMAGES: usize = 230;

    /// The storm of old images comes in waves (attack D9): a hundred at a time, five seconds apart, each image once, all
    /// behind what is pushed meanwhile.
    #[tokio::test]
    async fn old_images_come_in_waves() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("records.sqlite")).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        store::Tenancy::install(&store, testing::installation("harbour"), now).await.unwrap();
        let registry = store::Tenancy::registry_by_name(&store, "harbour").await.unwrap().unwrap();
        for number in 0..IMAGES {
            let push = testing::push(registry.id, &format!("app{number}"), format!("{number}"), now);
            let summary = ImageSummary::begun(
                testing::image_of(&push),
                if number == 7 { ImageState::Healthy } else { ImageState::Unscanned },
                now,
            );
            let _ = store::Manifests::put_manifest(&store, push).await.unwrap();
            assert!(store::Summaries::put_summary(&store, summary).await.unwrap());
        }
        let (mut waves, mut seen) = (Vec::new(), BTreeSet::new());
        let mut order = Order { registry: registry.id, after: None };
        loop {
            let (jobs, next) = wanted(&store, &registry, order).await.unwrap();
            waves.push(jobs.len());
            for job in jobs {
                assert!(job.priority < 0, "what is pushed now comes first");
                assert_eq!(job.subscription, Some(registry.subscription), "the queue goes by turns");
                assert!(seen.insert(job.key), "an image is asked for once");
            }
            let Some(after) = next else { break };
            order = Order { registry: registry.id, after: Some(after) };
            let job = again(&registry, &order, now);
            assert_eq!(job.not_before, now.checked_add(PAUSE).ok());
            assert_eq!(job.priority, BACKFILL_PRIORITY);
        }
        assert_eq!(waves, [AT_A_TIME, AT_A_TIME, 29]);
        assert_eq!(seen.len(), IMAGES - 1);
    }
}
