//! How images and registries were assessed at an earlier time: their history, gone through from its beginning.
//!
//! A verdict is told with its counts, its cause and the advisories that it rests on, in the transaction that makes it. So
//! what was said of an image after each event can be told again; what a registry came to is counted from its images.

use crate::documents::assessment::{Assessed, facts};
use assessment::assess_registry;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use store::{
    Cause, Event, EventKind, ImageKey, ImageState, ImageSummary, RegistryId, RegistryStanding, RepositoryKey,
    SnapshotVersion,
};

/// The verdicts in some registries while their history is gone through.
#[derive(Debug, Default)]
pub(super) struct PastVerdicts {
    images: BTreeMap<ImageKey, ImageSummary>,
    registries: BTreeMap<RegistryId, Stand>,
}

/// Where a registry stood.
#[derive(Debug, Default)]
struct Stand {
    standing: RegistryStanding,
    /// What its images came to when that was last told, or counted.
    state: Option<ImageState>,
}

/// What an event said anew.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// The image it speaks of, as it was assessed then.
    pub(super) image: Option<ImageSummary>,
    /// Whether that image was deleted.
    pub(super) is_deleted: bool,
    /// Whether the registry is assessed otherwise, or rests on other images.
    pub(super) is_about_registry: bool,
}

impl PastVerdicts {
    /// Goes on by an event; what it said of assessments, if anything.
    pub(super) fn pass(&mut self, registry: RegistryId, event: &Event) -> Option<Told> {
        let at = event.event.at;
        let kind = &event.event.kind;
        if *kind == EventKind::REGISTRY_STATUS_CHANGED {
            let stand = self.registries.entry(registry).or_default();
            stand.state = word(&event.event.detail, "to").or(stand.state);
            stand.standing.first_evaluated.get_or_insert(at);
            stand.standing.status_changed = Some(at);
            return Some(Told { image: None, is_deleted: false, is_about_registry: true });
        }
        let key = key(registry, event)?;
        if *kind == EventKind::MANIFEST_PUSHED {
            // It waits for its verdict; one that stands already stays.
            self.images
                .entry(key.clone())
                .or_insert_with(|| ImageSummary::begun(key, ImageState::Queued, at));
            return None;
        }
        if *kind == EventKind::MANIFEST_DELETED {
            let image = self.images.remove(&key)?;
            let is_counted = self.count(registry, Some(image.state), None, at);
            return is_counted.then_some(Told {
                image: Some(image),
                is_deleted: true,
                is_about_registry: true,
            });
        }
        let state = self.judge(key.clone(), event)?;
        let image = self.images.get(&key)?.clone();
        let is_about_registry = self.count(registry, state, Some(image.state), at);
        Some(Told { image: Some(image), is_deleted: false, is_about_registry })
    }

    /// What a registry came to, after all events so far.
    pub(super) fn of(&self, registry: RegistryId) -> Assessed {
        let standing = self.registries.get(&registry).map(|stand| stand.standing.clone()).unwrap_or_default();
        // There were verdicts, and so there was a plan that asked for them.
        let facts = facts(&standing, true);
        Assessed { assessment: assess_registry(facts), facts, standing }
    }

    /// Takes a verdict over. The verdict before it, if there was one; nothing where the event tells of none.
    fn judge(&mut self, key: ImageKey, event: &Event) -> Option<Option<ImageState>> {
        let (kind, detail, at) = (&event.event.kind, &event.event.detail, event.event.at);
        let is_change = *kind == EventKind::VERDICT_CHANGED;
        if !is_change && *kind != EventKind::IMAGE_ASSESSED {
            return None;
        }
        let state = word(detail, if is_change { "to" } else { "state" })?;
        let image = self
            .images
            .entry(key.clone())
            .or_insert_with(|| ImageSummary::begun(key, ImageState::Queued, at));
        let before = Some(image.state);
        if before != Some(state) {
            image.changed_at = at;
            image.cause = None;
        }
        image.state = state;
        image.assessed_at = Some(at);
        let text = |name: &str| detail.get(name).and_then(Value::as_str).map(str::to_owned);
        let code = text(if is_change { "causeCode" } else { "cause" });
        let sentence = if is_change { text("cause") } else { None };
        image.cause = code.map(|code| {
            let known = image.cause.take().filter(|cause| cause.code == code).map(|cause| cause.sentence);
            Cause { sentence: sentence.or(known).unwrap_or_default(), code }
        });
        let counts = detail.get(if is_change { "findings" } else { "counts" });
        image.counts =
            counts.and_then(|counts| serde_json::from_value(counts.clone()).ok()).unwrap_or_default();
        image.platform = text("platform").or_else(|| image.platform.take());
        image.snapshot = text("snapshot").map(SnapshotVersion).or_else(|| image.snapshot.take());
        Some(before)
    }

    /// Counts an image elsewhere than before. Whether that says something of its registry.
    fn count(
        &mut self,
        registry: RegistryId,
        before: Option<ImageState>,
        after: Option<ImageState>,
        at: Timestamp,
    ) -> bool {
        let (before, after) = (before.filter(is_verdict), after.filter(is_verdict));
        let stand = self.registries.entry(registry).or_default();
        if after.is_some() {
            stand.standing.last_assessed = Some(at);
        }
        if before == after {
            return false;
        }
        let counts = &mut stand.standing.counts;
        if let Some(count) = before.and_then(|before| counts.get_mut(&before)) {
            *count = count.saturating_sub(1);
        }
        if let Some(after) = after {
            *counts.entry(after).or_default() += 1;
        }
        let has = |state: &ImageState| counts.get(state).is_some_and(|count| *count > 0);
        let worst_first = [ImageState::Unhealthy, ImageState::NotApplicable, ImageState::Healthy];
        // Without any image left, nothing can be said of the registry.
        let state = worst_first.into_iter().find(has).unwrap_or(ImageState::NotApplicable);
        if stand.state != Some(state) {
            stand.state = Some(state);
            stand.standing.first_evaluated.get_or_insert(at);
            stand.standing.status_changed = Some(at);
        }
        true
    }
}

fn is_verdict(state: &ImageState) -> bool {
    match state {
        ImageState::Healthy | ImageState::Unhealthy | ImageState::NotApplicable => true,
        ImageState::Queued | ImageState::Scanning | ImageState::Unscanned => false,
    }
}

fn word(detail: &Value, name: &str) -> Option<ImageState> {
    detail.get(name).and_then(Value::as_str).and_then(ImageState::from_word)
}

fn key(registry: RegistryId, event: &Event) -> Option<ImageKey> {
    let name = event.event.repository.clone()?;
    let digest = event.event.digest.clone()?;
    Some(ImageKey { repository: RepositoryKey { registry, name }, digest })
}
