//! The job `assess`: from a pushed manifest to its verdict.
//!
//! The recipe: look at the plan; read the documents; have the layers read that nobody has read; lay them over each
//! other; match what is new; judge; tell the indexes that this image is part of.

mod elsewhere;
mod image;
mod index;
pub(super) mod layers;
mod lineage;
mod quarantine;

use super::{JobError, Kind, Workshop};
use crate::installation::SCAN_PLAN;
use assessment::plan::trial_left;
use assessment::{Cause, ImageVerdict};
use elsewhere::Elsewhere;
use graph::documents::KnownRegistry;
use graph::rulebook::Rulebook;
use graph::{automations, plans, settlement};
use jiff::Timestamp;
use oci::{Digest, ManifestContent, MediaType, RepositoryName};
use registry::PushedManifest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{
    Charge, Charged, Conclusion, Found, ImageKey, ImageState, ImageSummary, Job, JobKind, Manifest,
    Manifests, NewJob, Registry, RegistryId, RepositoryKey, SnapshotVersion, SubscriptionId,
};

/// The kind of this job.
pub const KIND: Kind = Kind {
    name: JobKind::new("assess"),
    run: |workshop, job, now| Box::pin(run(workshop, job, now)),
    gave_up: |workshop, job, why, now| Box::pin(gave_up(workshop, job, why, now)),
};

/// The same for images of attached registries. It waits for others, and so is done by workers of its own.
pub const ELSEWHERE: Kind = Kind {
    name: ASSESS_ELSEWHERE,
    run: |workshop, job, now| Box::pin(run(workshop, job, now)),
    gave_up: |workshop, job, why, now| Box::pin(elsewhere::gave_up(workshop, job, why, now)),
};

const ASSESS_ELSEWHERE: JobKind = JobKind::new("assess-elsewhere");

/// What the job needs beside its key.
#[derive(Serialize, Deserialize)]
struct Order {
    registry: i64,
    repository: RepositoryName,
    digest: Digest,
    /// Whether nobody pushed it: then it is not charged.
    #[serde(default)]
    again: bool,
}

/// The job that scans an image once more, although nobody pushed it. Its key is another than that of a push, so that
/// neither takes the place of the other.
pub fn job_again(image: &ImageKey, subscription: SubscriptionId) -> NewJob {
    let mut job = job(image, subscription, -1);
    job.key.push_str(" again");
    job.payload["again"] = true.into();
    job
}

fn is_again(job: &Job) -> bool {
    job.payload["again"] == true
}

/// The job for an image.
pub fn job(image: &ImageKey, subscription: SubscriptionId, priority: i32) -> NewJob {
    let RepositoryKey { registry, name } = &image.repository;
    let order =
        Order { registry: registry.0, repository: name.clone(), digest: image.digest.clone(), again: false };
    NewJob {
        kind: KIND.name,
        key: format!("{}/{name}@{}", registry.0, image.digest),
        subscription: Some(subscription),
        priority,
        payload: serde_json::to_value(order).unwrap_or(Value::Null),
        not_before: None,
    }
}

/// What has to be done for a manifest that arrives; stored with it in one transaction.
pub fn after_push(pushed: &PushedManifest<'_>) -> Vec<NewJob> {
    let registry = &pushed.site.registry;
    let repository = RepositoryKey { registry: registry.id, name: pushed.repository.clone() };
    let image = ImageKey { repository, digest: pushed.digest.clone() };
    vec![job(&image, registry.subscription, 0)]
}

/// The image that a job is about; `None` if the payload is not one of ours.
fn image_of(job: &Job) -> Option<ImageKey> {
    let order: Order = serde_json::from_value(job.payload.clone()).ok()?;
    let repository = RepositoryKey { registry: RegistryId(order.registry), name: order.repository };
    Some(ImageKey { repository, digest: order.digest })
}

async fn run(workshop: &Workshop, job: &Job, now: Timestamp) -> Result<(), JobError> {
    let Some(image) = image_of(job) else {
        tracing::error!(key = job.key, "a job names no image; it is dropped");
        return Ok(());
    };
    // Deleted meanwhile: there is nothing left to judge.
    let Some(manifest) = Manifests::manifest(&*workshop.store, &image.repository, &image.digest).await?
    else {
        return Ok(());
    };
    let Some(registry) = workshop.store.registry(image.repository.registry).await? else { return Ok(()) };
    let subscription = registry.subscription;
    if registry.attached_to.is_some() && job.kind != ASSESS_ELSEWHERE {
        workshop.store.enqueue(vec![elsewhere::job(job)], now).await?;
        return Ok(());
    }
    if !is_standard(workshop, &registry).await? {
        // What was found while the plan was on stays readable.
        if !is_settled(workshop, &image).await? {
            workshop
                .store
                .put_summary(ImageSummary::begun(image.clone(), ImageState::Unscanned, now))
                .await?;
        }
        return Ok(());
    }
    let there = Elsewhere::of(workshop, &registry, &image.repository.name).await?;
    // Side by side: nobody needs to know that somebody is at it before somebody is.
    let (announced, judged) = tokio::join!(
        announce(workshop, &image, now),
        judge(workshop, there.as_ref(), &image, &manifest, now)
    );
    announced?;
    let judged = judged?;
    if judged.is_scanned && !is_again(job) {
        charge(workshop, &registry, &image, job.enqueued_at).await?;
    }
    let with = judged.snapshot.clone();
    // An index is judged once for each of its images; nobody asked for that.
    let is_asked_for = judged.children.is_empty();
    record(workshop, &image, judged, is_asked_for, now).await?;
    // Other advisories came into force meanwhile, and their job may not have known of this image yet.
    let in_force = workshop.shelf.current().map(|snapshot| SnapshotVersion(snapshot.version().to_string()));
    if with.is_some() && with != in_force {
        workshop.store.enqueue(vec![job_again(&image, subscription)], now).await?;
    }
    for parent in workshop.store.parents(&image.repository, &image.digest).await? {
        let parent = ImageKey { repository: image.repository.clone(), digest: parent };
        workshop.store.enqueue(vec![job_for_parent(&parent, subscription)], now).await?;
    }
    Ok(())
}

/// An index is judged again after each of its images.
pub(super) fn job_for_parent(parent: &ImageKey, subscription: SubscriptionId) -> NewJob {
    job(parent, subscription, -1)
}

/// Whether the plan that holds for a registry asks for scans.
pub(super) async fn is_standard(workshop: &Workshop, registry: &Registry) -> Result<bool, JobError> {
    Ok(plans::of_registry(&*workshop.store, registry, SCAN_PLAN).await?.is_standard)
}

/// Enters the image into the ledger. The moment is that of the push, so that a retry in the next month finds it there.
async fn charge(
    workshop: &Workshop,
    registry: &Registry,
    image: &ImageKey,
    at: Timestamp,
) -> Result<(), JobError> {
    let subscription = registry.subscription;
    let began = workshop.store.trial_began(subscription, SCAN_PLAN).await?;
    let charge = Charge {
        subscription,
        digest: image.digest.clone(),
        registry: registry.id,
        repository: image.repository.name.clone(),
        in_trial: trial_left(began, at).is_positive(),
        at,
    };
    match workshop.store.charge(charge).await? {
        Charged::Now => tracing::debug!(%subscription, digest = %image.digest, "an image was charged"),
        Charged::Before => {}
    }
    Ok(())
}

/// A verdict with what is recorded beside it.
pub(super) struct Judged {
    pub(super) verdict: Option<ImageVerdict>,
    pub(super) platform: Option<String>,
    pub(super) isolation: Value,
    pub(super) snapshot: Option<SnapshotVersion>,
    pub(super) children: Vec<Digest>,
    /// Whether its layers were read: that is what is charged.
    pub(super) is_scanned: bool,
}

impl Judged {
    /// What cannot be assessed, for this reason alone.
    pub(super) fn not_applicable(cause: Cause) -> Self {
        let verdict = ImageVerdict {
            state: assessment::ImageState::NotApplicable,
            causes: vec![cause],
            counts: BTreeMap::new(),
        };
        Self {
            verdict: Some(verdict),
            platform: None,
            isolation: Value::Null,
            snapshot: None,
            children: Vec::new(),
            is_scanned: false,
        }
    }
}

async fn judge(
    workshop: &Workshop,
    there: Option<&Elsewhere>,
    image: &ImageKey,
    manifest: &Manifest,
    now: Timestamp,
) -> Result<Judged, JobError> {
    let media_type: MediaType = match manifest.media_type.parse() {
        Ok(media_type) => media_type,
        Err(error) => return Ok(invalid(&error)),
    };
    let parsed = match oci::Manifest::parse(&media_type, &manifest.bytes) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(invalid(&error)),
    };
    match parsed.content() {
        ManifestContent::Index(index) => index::judge(workshop, image, index).await,
        ManifestContent::Image(content) if content.is_runnable() => {
            match image::recorded(workshop, there, image, now).await? {
                Some(judged) => Ok(judged),
                None => image::judge(workshop, there, image, content, parsed.annotations(), now).await,
            }
        }
        ManifestContent::Image(_) | ManifestContent::Other { .. } => {
            let media_type = parsed.artifact_type().unwrap_or(&media_type).to_string();
            Ok(Judged::not_applicable(Cause::NotAnImage { media_type }))
        }
    }
}

fn invalid(error: &dyn std::fmt::Display) -> Judged {
    Judged::not_applicable(Cause::InvalidImage { detail: error.to_string() })
}

/// Says that somebody is at it, unless there is a verdict already: the old one stays until the new one is there.
async fn announce(workshop: &Workshop, image: &ImageKey, now: Timestamp) -> Result<(), JobError> {
    if !is_settled(workshop, image).await? {
        workshop.store.put_summary(ImageSummary::begun(image.clone(), ImageState::Scanning, now)).await?;
    }
    Ok(())
}

/// Whether there is a verdict.
async fn is_settled(workshop: &Workshop, image: &ImageKey) -> Result<bool, JobError> {
    let before = workshop.store.summary(image).await?;
    Ok(before.is_some_and(|summary| {
        !matches!(summary.state, ImageState::Queued | ImageState::Scanning | ImageState::Unscanned)
    }))
}

/// Writes the verdict down. Without one, the image is still being scanned.
async fn record(
    workshop: &Workshop,
    image: &ImageKey,
    judged: Judged,
    is_asked_for: bool,
    now: Timestamp,
) -> Result<(), JobError> {
    let mut summary = ImageSummary::begun(image.clone(), ImageState::Scanning, now);
    if let Some(verdict) = judged.verdict {
        summary.state = state(verdict.state);
        summary.cause = verdict
            .causes
            .first()
            .map(|cause| store::Cause { code: cause.code().to_owned(), sentence: cause.to_string() });
        summary.counts =
            verdict.counts.iter().map(|(severity, count)| (severity.to_string(), *count)).collect();
        summary.assessed_at = Some(now);
    }
    summary.platform = judged.platform;
    summary.isolation = judged.isolation;
    summary.snapshot = judged.snapshot;
    summary.children = judged.children;
    tracing::info!(
        repository = %image.repository.name, digest = %image.digest, state = summary.state.as_str(), "an image was judged"
    );
    let link = quarantine::link(&workshop.url, image);
    keep(workshop, Conclusion { summary, is_asked_for, link }).await?;
    // Those who wait need not wait until the job is off the queue too.
    workshop.tell();
    Ok(())
}

/// Keeps what was found, and beside it what the rules in force make of it. Should they change meanwhile, again.
async fn keep(workshop: &Workshop, conclusion: Conclusion) -> Result<(), JobError> {
    let Conclusion { summary, mut is_asked_for, link } = conclusion;
    let registry = workshop.store.registry(summary.image.repository.registry).await?;
    let Some(known) = registry.and_then(|registry| KnownRegistry::new(registry).ok()) else { return Ok(()) };
    loop {
        let generation = workshop.store.rules_generation();
        let book = Rulebook::load(&*workshop.store, Timestamp::now()).await?;
        let shown = settlement::shown(&*workshop.store, &book, &known, summary.clone()).await?;
        let images = std::iter::once(&summary.image);
        let jobs = automations::jobs(&*workshop.store, images, known.registry.subscription).await?;
        let conclusion = Conclusion { summary: shown, is_asked_for, link: link.clone() };
        workshop.store.conclude_judged(conclusion, Found::of(&summary), jobs, Timestamp::now()).await?;
        is_asked_for = false;
        let has_ended = book.next_change().is_some_and(|end| end <= Timestamp::now());
        if generation == workshop.store.rules_generation() && !has_ended {
            return Ok(());
        }
    }
}

fn state(state: assessment::ImageState) -> ImageState {
    match state {
        assessment::ImageState::Healthy => ImageState::Healthy,
        assessment::ImageState::Unhealthy => ImageState::Unhealthy,
        assessment::ImageState::NotApplicable => ImageState::NotApplicable,
    }
}

/// The last attempt failed: the image is not healthy, and says why.
async fn gave_up(workshop: &Workshop, job: &Job, why: &str, now: Timestamp) -> Result<(), JobError> {
    let Some(image) = image_of(job) else { return Ok(()) };
    let judged = Judged::not_applicable(Cause::ScanFailed { detail: why.to_owned() });
    record(workshop, &image, judged, true, now).await
}
