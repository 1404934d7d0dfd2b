//! What became of an image: `/api/images/REFERENCE/history`.
//!
//! Its events, and what other advisories changed in the findings of its packages. What the image was pushed with is
//! its beginning and no change; when a finding was first seen stands beside the finding.

use super::ApiState;
use super::error::ApiError;
use super::view::{HistoryEntry, Page};
use store::{Event, FindingChange, FindingStand, ImageKey};

/// Entries of one answer: the newest.
const ENTRIES: usize = 1000;

/// The history of an image, the newest first.
pub(super) async fn of_image(state: &ApiState, image: &ImageKey) -> Result<Page<HistoryEntry>, ApiError> {
    let events = state.store.image_events(image, ENTRIES).await?;
    let changes = state.store.finding_changes(image, ENTRIES).await?;
    // What happened to a package version before this image was here is no part of its history.
    let since = state.store.summary(image).await?.map(|summary| summary.first_seen);
    let changes = changes.into_iter().filter(|change| since.is_none_or(|since| change.at >= since));
    let mut value: Vec<HistoryEntry> = events.into_iter().map(event).chain(changes.map(finding)).collect();
    value.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    value.truncate(ENTRIES);
    Ok(Page { value, next: None })
}

fn event(event: Event) -> HistoryEntry {
    let event = event.event;
    let text = |key: &str| event.detail.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    HistoryEntry {
        at: event.at,
        kind: event.kind.to_string(),
        vulnerability: None,
        package: None,
        version: None,
        before: text("from"),
        after: text("to"),
        reason: text("reason"),
        description: text("cause"),
        actor: Some(event.actor.to_string()),
        snapshot: text("snapshot"),
    }
}

fn finding(change: FindingChange) -> HistoryEntry {
    let words = |stand: FindingStand| match stand.fixed {
        Some(fixed) => format!("{}, fixed in {fixed}", stand.verdict.as_str()),
        None => format!("{}, no fix", stand.verdict.as_str()),
    };
    HistoryEntry {
        at: change.at,
        kind: format!("finding-{}", change.kind.as_str().to_ascii_lowercase()),
        vulnerability: Some(change.vulnerability),
        package: Some(change.package.name),
        version: Some(change.package.version),
        before: change.before.map(words),
        after: change.after.map(words),
        reason: Some(change.reason.code),
        description: Some(change.reason.sentence),
        actor: None,
        snapshot: Some(change.snapshot.0),
    }
}
