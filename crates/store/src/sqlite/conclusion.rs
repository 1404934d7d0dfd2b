//! The end of an assessment in SQLite: verdict, quarantine and history in one transaction.

use super::column::{Columns, rows};
use super::{attributes, events, policies, repositories, summaries};
use crate::{
    AttributeTarget, Conclusion, Error, EventKind, ImageKey, ImageState, ImageSummary, NewEvent,
    QuarantineState,
};
use jiff::Timestamp;
use oci::{Digest, Tag};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

pub(super) fn conclude(
    connection: &Connection,
    conclusion: Conclusion,
    at: Timestamp,
) -> Result<bool, Error> {
    let Conclusion { summary, is_asked_for, quarantine: (quarantine, details), actor } = conclusion;
    let before = summaries::find(connection, &summary.image)?;
    if !summaries::put(connection, &summary)? {
        return Ok(false);
    }
    let is_news = before.as_ref().is_none_or(|before| says(before) != says(&summary));
    if !summary.state.is_verdict() || !(is_news || is_asked_for) {
        return Ok(true);
    }
    let image = &summary.image;
    let Some(repository) = repositories::find(connection, &image.repository)? else { return Ok(false) };
    let tags = tags(connection, repository, &image.digest)?;
    let event = |kind, detail| NewEvent {
        kind,
        registry: Some(image.repository.registry),
        repository: Some(image.repository.name.clone()),
        digest: Some(image.digest.clone()),
        tag: None,
        actor: actor.clone(),
        at,
        detail,
    };
    let verdict = verdict(&summary, &tags);
    events::append(connection, &event(EventKind::IMAGE_ASSESSED, verdict.clone()))?;
    if let Some(kind) = turn(before.as_ref().map(|before| before.state), summary.state) {
        events::append(connection, &event(kind, verdict))?;
    }
    let target = AttributeTarget::Manifest(image.digest.clone());
    let mut now = attributes::of(connection, repository, &target)?;
    if is_news || now.quarantine_details.is_none() {
        let then = now.quarantine;
        now.quarantine = quarantine.or(then);
        now.quarantine_details = Some(details);
        attributes::keep(connection, repository, &target, &now, at)?;
        if let Some(state) = now.quarantine
            && let Some(detail) = quarantine_detail(connection, image, repository, then, state)?
        {
            events::append(connection, &event(EventKind::QUARANTINE_CHANGED, detail))?;
        }
    }
    Ok(true)
}

/// What a verdict says, to be compared.
fn says(summary: &ImageSummary) -> (ImageState, Option<&str>, &std::collections::BTreeMap<String, u64>) {
    (summary.state, summary.cause.as_ref().map(|cause| cause.code.as_str()), &summary.counts)
}

/// What is told beside the verdict itself, if it is another one than before.
fn turn(before: Option<ImageState>, now: ImageState) -> Option<EventKind> {
    match now {
        _ if before == Some(now) => None,
        ImageState::Healthy => Some(EventKind::IMAGE_HEALTHY),
        ImageState::Unhealthy => Some(EventKind::IMAGE_UNHEALTHY),
        ImageState::NotApplicable | ImageState::Queued | ImageState::Scanning | ImageState::Unscanned => None,
    }
}

fn verdict(summary: &ImageSummary, tags: &[Tag]) -> Value {
    json!({
        "state": summary.state.as_str(),
        "cause": summary.cause.as_ref().map(|cause| &cause.code),
        "counts": summary.counts,
        "platform": summary.platform,
        "snapshot": summary.snapshot.as_ref().map(|snapshot| &snapshot.0),
        "tags": tags.iter().map(Tag::as_str).collect::<Vec<_>>(),
    })
}

/// What to tell of another place in the quarantine pattern; nothing if it is the same.
pub(super) fn quarantine_detail(
    connection: &Connection,
    image: &ImageKey,
    repository: i64,
    before: Option<QuarantineState>,
    now: QuarantineState,
) -> Result<Option<Value>, Error> {
    if before == Some(now) {
        return Ok(None);
    }
    let held = before.is_some_and(|before| before != QuarantineState::Passed);
    let is_on = policies::policy(connection, image.repository.registry)?.quarantine;
    let tags = tags(connection, repository, &image.digest)?;
    Ok(Some(json!({
        "from": before.map(QuarantineState::as_str),
        "to": now.as_str(),
        "released": is_on && held && now == QuarantineState::Passed,
        "tags": tags.iter().map(Tag::as_str).collect::<Vec<_>>(),
    })))
}

/// The tags that point at a manifest.
pub(super) fn tags(connection: &Connection, repository: i64, digest: &Digest) -> Result<Vec<Tag>, Error> {
    let sql = "SELECT name FROM tag WHERE repository = ?1 AND digest = ?2 ORDER BY name";
    rows(connection, sql, params![repository, digest.as_str()], |row| row.parsed("name"))
}
