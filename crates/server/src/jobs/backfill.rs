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
    ImageKey, ImageState, Job, NewJob, PageRequest, Registry, RegistryId, RepositoryKey, SummaryFilter,
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
#[derive(Serialize, Deserialize)]
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
    let (jobs, next) = wanted(workshop, &registry, order).await?;
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
    workshop: &Workshop,
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
    let page = workshop.store.summaries(&filter, PageRequest { after, limit: AT_A_TIME }).await?;
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
