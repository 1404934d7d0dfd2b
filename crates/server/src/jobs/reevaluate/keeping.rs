//! Writing new verdicts down, with what rules and exemptions make of them.
//!
//! Where there are neither rules nor automations, which is what a hundred thousand images are about, the store does it
//! alone. An image that a rule concerns, or of whose changes somebody is told, goes the longer way.

use crate::jobs::{JobError, Workshop, assess};
use graph::automations;
use graph::documents::KnownRegistry;
use graph::rulebook::Rulebook;
use graph::settlement::shown;
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{
    Found, ImageKey, ImageState, ImageSummary, JudgedAgain, JudgedImage, NewJob, RegistryId, SnapshotVersion,
};

/// Keeps verdicts. Should rules change meanwhile, once more.
pub(super) async fn keep(
    workshop: &Workshop,
    images: &[JudgedImage],
    snapshot: &SnapshotVersion,
) -> Result<JudgedAgain, JobError> {
    let mut came_to = JudgedAgain::default();
    loop {
        let (generation, now) = (workshop.store.rules_generation(), Timestamp::now());
        let book = Rulebook::load(&*workshop.store, now).await?;
        let known = registries(workshop, images).await?;
        let is_watched = !workshop.store.documents(automations::KEPT).await?.is_empty();
        let (longer, plain): (Vec<JudgedImage>, Vec<JudgedImage>) =
            images.iter().cloned().partition(|image| {
                let concerned = |known: &KnownRegistry| !book.of_image(known, &image.image).is_empty();
                is_watched || known.get(&image.image.repository.registry).is_some_and(concerned)
            });
        if !plain.is_empty() {
            let snapshot = snapshot.clone();
            let written = workshop.store.judge_again(plain, snapshot, assess::job_for_parent, now).await?;
            super::add(&mut came_to, written);
        }
        for batch in longer.chunks(BATCH) {
            super::add(&mut came_to, keep_under_rules(workshop, &book, &known, batch, snapshot).await?);
        }
        let has_ended = book.next_change().is_some_and(|end| end <= Timestamp::now());
        if generation == workshop.store.rules_generation() && !has_ended {
            return Ok(came_to);
        }
    }
}

/// Images of one transaction.
const BATCH: usize = 200;

async fn registries(
    workshop: &Workshop,
    images: &[JudgedImage],
) -> Result<BTreeMap<RegistryId, KnownRegistry>, JobError> {
    let mut known = BTreeMap::new();
    for image in images {
        let id = image.image.repository.registry;
        if known.contains_key(&id) {
            continue;
        }
        let registry = workshop.store.registry(id).await?;
        known.extend(registry.and_then(|registry| Some((id, KnownRegistry::new(registry).ok()?))));
    }
    Ok(known)
}

async fn keep_under_rules(
    workshop: &Workshop,
    book: &Rulebook,
    registries: &BTreeMap<RegistryId, KnownRegistry>,
    images: &[JudgedImage],
    snapshot: &SnapshotVersion,
) -> Result<JudgedAgain, JobError> {
    let (store, now) = (&*workshop.store, Timestamp::now());
    let mut came_to = JudgedAgain::default();
    let (mut judged, mut jobs) = (Vec::new(), Vec::new());
    for image in images {
        let JudgedImage { image, state, cause, counts } = image;
        let Some(known) = registries.get(&image.repository.registry) else { continue };
        let Some(before) = store.written_summary(image).await?.filter(has_verdict) else { continue };
        let found = Found { state: *state, cause: cause.clone(), counts: counts.clone() };
        if before.snapshot.as_ref() == Some(snapshot) && store.found(image).await?.as_ref() == Some(&found) {
            continue;
        }
        let as_found = ImageSummary {
            snapshot: Some(snapshot.clone()),
            assessed_at: Some(now),
            ..found.clone().within(before.clone())
        };
        let mut after = shown(store, book, known, as_found).await?;
        let is_flip = after.state != before.state;
        if is_flip {
            after.changed_at = now;
        }
        if is_flip || after.cause != before.cause || after.counts != before.counts {
            came_to.changed += 1;
            came_to.flipped += u64::from(is_flip);
            jobs.extend(for_parents(workshop, image, known).await?);
            let subscription = known.registry.subscription;
            jobs.extend(automations::jobs(store, std::iter::once(image), subscription).await?);
        }
        judged.push((after, found));
    }
    workshop.store.put_judged(judged, jobs, now).await?;
    Ok(came_to)
}

fn has_verdict(summary: &ImageSummary) -> bool {
    matches!(summary.state, ImageState::Healthy | ImageState::Unhealthy | ImageState::NotApplicable)
}

async fn for_parents(
    workshop: &Workshop,
    image: &ImageKey,
    known: &KnownRegistry,
) -> Result<Vec<NewJob>, JobError> {
    let parents = workshop.store.parents(&image.repository, &image.digest).await?;
    Ok(parents
        .into_iter()
        .map(|digest| {
            let parent = ImageKey { repository: image.repository.clone(), digest };
            assess::job_for_parent(&parent, known.registry.subscription)
        })
        .collect())
}
