//! The job `reevaluate`: new advisories are in force, and every image that they touch is judged again.
//!
//! Nothing is pulled and no layer is read: package versions are matched again, and the verdicts follow from the join.

use super::assess::{self, image};
use super::{JobError, Kind, Workshop};
use inventory::{Distribution, Obstacle};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use store::{
    ImageState, ImageSummary, Job, JobKind, NewJob, PackageVersion, PageRequest, SnapshotVersion,
    SummaryFilter,
};
use tokio::sync::watch;

/// The kind of this job.
pub const KIND: Kind = Kind {
    name: JobKind::new("reevaluate"),
    run: |workshop, _: &Job, now| Box::pin(run(workshop, now)),
    gave_up: |_, _, _, _| Box::pin(async { Ok(()) }),
};

/// How often the shelf is looked at: another process may put new advisories in force.
const LOOK: Duration = Duration::from_millis(250);
/// Package versions that are matched in one transaction.
const BATCH: usize = 2000;

/// Looks at the shelf now and then, and asks for this job when something changed, and once at the start.
pub async fn watch_shelf(workshop: Arc<Workshop>, mut stop: watch::Receiver<bool>) {
    let mut changed = workshop.shelf.current().is_some();
    loop {
        if changed && let Err(error) = ask(&workshop, Timestamp::now()).await {
            tracing::error!(%error, "the images could not be given to new advisories");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
        changed = match workshop.shelf.refresh() {
            Ok(changed) => changed,
            Err(error) => {
                tracing::error!(%error, "the new advisories cannot be used; the old ones stay in force");
                false
            }
        };
    }
}

async fn ask(workshop: &Workshop, now: Timestamp) -> Result<(), store::Error> {
    let job = NewJob {
        kind: KIND.name,
        key: "all".into(),
        subscription: None,
        priority: 1,
        payload: Value::Null,
        not_before: None,
    };
    workshop.store.enqueue(vec![job], now).await.map(|_| ())
}

async fn run(workshop: &Workshop, now: Timestamp) -> Result<(), JobError> {
    let Some(snapshot) = workshop.shelf.current() else { return Ok(()) };
    let version = SnapshotVersion(snapshot.version().to_string());
    loop {
        let versions = workshop.store.package_versions_to_match(&version, BATCH).await?;
        if versions.is_empty() {
            break;
        }
        image::record_matches(workshop, &snapshot, versions, now).await?;
    }
    let mut after = None;
    loop {
        let page =
            workshop.store.summaries(&SummaryFilter::default(), PageRequest { after, limit: 500 }).await?;
        for summary in page.items {
            judge_again(workshop, &snapshot, &version, summary, now).await?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Judges an image again from what is recorded of it.
async fn judge_again(
    workshop: &Workshop,
    snapshot: &Arc<advisory::Snapshot>,
    version: &SnapshotVersion,
    summary: ImageSummary,
    now: Timestamp,
) -> Result<(), JobError> {
    let judged_by = summary.snapshot.as_ref();
    let waiting = matches!(summary.state, ImageState::Queued | ImageState::Scanning | ImageState::Unscanned);
    // Indexes follow their images; what waits will be judged with the new advisories anyway.
    if waiting || !summary.children.is_empty() || judged_by == Some(version) {
        return Ok(());
    }
    let Some(registry) = workshop.store.registry(summary.image.repository.registry).await? else {
        return Ok(());
    };
    let Some(scanned) = workshop.store.image(&summary.image.digest).await? else { return Ok(()) };
    // An image with a layer that could not be read is judged by its own job, which knows of the layer.
    let packages: Vec<PackageVersion> = workshop
        .store
        .image_packages(&summary.image.digest)
        .await?
        .into_iter()
        .map(|place| place.package)
        .collect();
    let found = workshop.store.found(&summary.image).await?.and_then(|found| found.cause);
    let unreadable = found.is_some_and(|cause| cause.code.starts_with("Layer"));
    if unreadable {
        let job = assess::job_again(&summary.image, registry.subscription);
        workshop.store.enqueue(vec![job], now).await?;
        return Ok(());
    }
    let obstacles: Vec<Obstacle> = decode(&scanned.obstacles)?;
    let distribution: Option<Distribution> = decode(&scanned.distribution)?;
    let known = image::Known {
        causes: Vec::new(),
        obstacles,
        distribution,
        packages: &packages,
        snapshot: Some(snapshot),
    };
    let facts = image::facts(workshop, &summary.image.digest, known, now).await?;
    assess::record_again(workshop, summary, &assessment::assess(&facts), version, registry.subscription, now)
        .await
}

fn decode<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, JobError> {
    serde_json::from_value(value.clone())
        .map_err(|error| JobError::Again(format!("a record cannot be decoded: {error}")))
}
