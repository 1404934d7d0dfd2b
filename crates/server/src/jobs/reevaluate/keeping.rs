//! Writing new verdicts down, with what rules and exemptions make of them.
//!
//! Where there are neither rules nor automations, which is what a hundred thousand images are about, the store does it
//! alone. An image that a rule concerns, or of whose changes somebody is told, goes the longer way.

use crate::jobs::{JobError, Workshop, assess};
use graph::automations;
use graph::documents::KnownRegistry;
use graph::rulebook::Rulebook;
use graph::settlement::{Counted, shown, shown_each};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{
    Found, ImageKey, ImageState, ImageSummary, JudgedAgain, JudgedImage, NewJob, RegistryId, SnapshotVersion,
};
use tokio::sync::Mutex;

/// What is counted once for all verdicts that a judge writes. Findings are recorded before the first of them.
#[derive(Default)]
pub(super) struct Tally {
    /// With the state of the rules under which it was counted.
    counted: Mutex<Option<(u64, Counted)>>,
}

/// With so many images under rules, what these hide is counted once and not read from the findings of each.
const MANY: usize = 100;

/// Keeps verdicts. Should rules change meanwhile, once more.
pub(super) async fn keep(
    workshop: &Workshop,
    images: &[JudgedImage],
    snapshot: &SnapshotVersion,
    tally: &Tally,
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
        let mut counted = tally.counted.lock().await;
        if longer.len() >= MANY && counted.as_ref().is_none_or(|(of, _)| *of != generation) {
            *counted = Some((generation, Counted::load(&*workshop.store, &book).await?));
        }
        let counted = counted.as_mut().filter(|(of, _)| *of == generation).map(|(_, counted)| counted);
        let mut under = Under { workshop, book: &book, registries: &known, snapshot, counted };
        for batch in longer.chunks(BATCH) {
            super::add(&mut came_to, under.keep(batch).await?);
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

/// Keeping verdicts under rules.
struct Under<'a> {
    workshop: &'a Workshop,
    book: &'a Rulebook,
    registries: &'a BTreeMap<RegistryId, KnownRegistry>,
    snapshot: &'a SnapshotVersion,
    counted: Option<&'a mut Counted>,
}

/// A verdict that may be another one.
struct Again {
    before: ImageSummary,
    found: Found,
    after: ImageSummary,
}

impl Under<'_> {
    async fn keep(&mut self, images: &[JudgedImage]) -> Result<JudgedAgain, JobError> {
        let (store, now) = (&*self.workshop.store, Timestamp::now());
        let mut came_to = JudgedAgain::default();
        let (mut judged, mut jobs) = (Vec::new(), Vec::new());
        // The images are in the order of their registries.
        for images in images.chunk_by(|one, other| registry_of(one) == registry_of(other)) {
            let Some(known) = images.first().and_then(|first| self.registries.get(&registry_of(first)))
            else {
                continue;
            };
            for Again { before, found, mut after } in self.again(known, images, now).await? {
                let is_flip = after.state != before.state;
                if is_flip {
                    after.changed_at = now;
                }
                if is_flip || after.cause != before.cause || after.counts != before.counts {
                    came_to.changed += 1;
                    came_to.flipped += u64::from(is_flip);
                    jobs.extend(for_parents(self.workshop, &after.image, known).await?);
                    let subscription = known.registry.subscription;
                    let image = std::iter::once(&after.image);
                    jobs.extend(automations::jobs(store, image, subscription).await?);
                }
                judged.push((after, found));
            }
        }
        store.put_judged(judged, jobs, now).await?;
        Ok(came_to)
    }

    /// What rules make of images of a registry, but for those that are written already.
    async fn again(
        &mut self,
        known: &KnownRegistry,
        images: &[JudgedImage],
        now: Timestamp,
    ) -> Result<Vec<Again>, JobError> {
        let store = &*self.workshop.store;
        let (mut befores, mut as_found) = (Vec::new(), Vec::new());
        for JudgedImage { image, state, cause, counts } in images {
            let Some(before) = store.written_summary(image).await?.filter(has_verdict) else { continue };
            let found = Found { state: *state, cause: cause.clone(), counts: counts.clone() };
            if before.snapshot.as_ref() == Some(self.snapshot)
                && store.found(image).await?.as_ref() == Some(&found)
            {
                continue;
            }
            as_found.push(ImageSummary {
                snapshot: Some(self.snapshot.clone()),
                assessed_at: Some(now),
                ..found.clone().within(before.clone())
            });
            befores.push((before, found));
        }
        let after = match &mut self.counted {
            Some(counted) => shown_each(store, self.book, known, counted, as_found).await?,
            None => {
                let mut after = Vec::with_capacity(as_found.len());
                for found in as_found {
                    after.push(shown(store, self.book, known, found).await?);
                }
                after
            }
        };
        let again = |((before, found), after)| Again { before, found, after };
        Ok(befores.into_iter().zip(after).map(again).collect())
    }
}

fn registry_of(image: &JudgedImage) -> RegistryId {
    image.image.repository.registry
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
