//! The end of an assessment in SQLite: verdict, quarantine and history in one transaction.

use super::column::{Columns, rows};
use super::verdict_events;
use super::{attributes, events, policies, repositories, summaries};
use crate::{
    AttributeTarget, Conclusion, Error, EventKind, Found, ImageKey, ImageState, ImageSummary, NewEvent,
    PullPolicy, QuarantineState,
};
use jiff::Timestamp;
use oci::{Digest, Tag};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn conclude(
    connection: &Connection,
    conclusion: &Conclusion,
    at: Timestamp,
) -> Result<bool, Error> {
    conclude_with(connection, conclusion, None, at)
}

/// The same with what was found, where rules make something else of it.
pub(super) fn conclude_with(
    connection: &Connection,
    conclusion: &Conclusion,
    found: Option<&Found>,
    at: Timestamp,
) -> Result<bool, Error> {
    let Conclusion { summary, is_asked_for, link } = conclusion;
    let Some(is_news) = show(connection, summary, found, Some(link), at)? else { return Ok(false) };
    if verdict_events::is_verdict(summary.state) && (is_news || *is_asked_for) {
        events::append(connection, &assessed(connection, summary, at)?)?;
    }
    Ok(true)
}

/// Keeps what is shown of an image, and lets its quarantine follow. Whether that is something new; none if the image is
/// not there any more.
pub(super) fn show(
    connection: &Connection,
    summary: &ImageSummary,
    found: Option<&Found>,
    link: Option<&str>,
    at: Timestamp,
) -> Result<Option<bool>, Error> {
    // What was shown ahead of its being written has had no consequences yet.
    let before = summaries::find_written(connection, &summary.image)?;
    if !summaries::put(connection, summary, found)? {
        return Ok(None);
    }
    let is_news = before.as_ref().is_none_or(|before| says(before) != says(summary));
    if is_news && verdict_events::is_verdict(summary.state) {
        follow(connection, &summary.image, summary.state, &summary.counts, link, at)?;
    }
    Ok(Some(is_news))
}

/// What a verdict says, to be compared.
fn says(summary: &ImageSummary) -> (ImageState, Option<&str>, &BTreeMap<String, u64>) {
    (summary.state, summary.cause.as_ref().map(|cause| cause.code.as_str()), &summary.counts)
}

fn assessed(connection: &Connection, summary: &ImageSummary, at: Timestamp) -> Result<NewEvent, Error> {
    let image = &summary.image;
    Ok(verdict_events::event_of(
        EventKind::IMAGE_ASSESSED,
        image,
        at,
        json!({
            "state": summary.state.as_str(),
            "cause": summary.cause.as_ref().map(|cause| &cause.code),
            "counts": summary.counts,
            "platform": summary.platform,
            "snapshot": summary.snapshot.as_ref().map(|snapshot| &snapshot.0),
            "tags": tag_names(connection, image)?,
        }),
    ))
}

/// Lets the quarantine of an image follow its verdict, with the details that Azure's tools read beside it. What
/// somebody decided stands until this is called: it is called when a verdict says something new.
pub(super) fn follow(
    connection: &Connection,
    image: &ImageKey,
    state: ImageState,
    counts: &BTreeMap<String, u64>,
    link: Option<&str>,
    at: Timestamp,
) -> Result<(), Error> {
    let Some(repository) = repositories::find(connection, &image.repository)? else { return Ok(()) };
    let policy = policies::policy(connection, image.repository.registry)?;
    follow_in(connection, &Place { image, repository, policy }, state, counts, link, at)
}

/// An image, the number of its repository, and the policy of its registry.
pub(super) struct Place<'a> {
    pub(super) image: &'a ImageKey,
    pub(super) repository: i64,
    pub(super) policy: PullPolicy,
}

/// The same where it is known where the image stands: many images share that.
pub(super) fn follow_in(
    connection: &Connection,
    place: &Place<'_>,
    state: ImageState,
    counts: &BTreeMap<String, u64>,
    link: Option<&str>,
    at: Timestamp,
) -> Result<(), Error> {
    let Place { image, repository, policy } = *place;
    let target = AttributeTarget::Manifest(image.digest.clone());
    let mut now = attributes::of(connection, repository, &target)?;
    let then = now.quarantine;
    let decided = policy.quarantine_after(state, counts);
    now.quarantine = decided.or(then);
    let known = now.quarantine_details.take();
    now.quarantine_details = Some(details(decided, counts, link, known.as_deref(), at).to_string());
    attributes::keep(connection, repository, &target, &now, at)?;
    let Some(state) = now.quarantine else { return Ok(()) };
    let Some(detail) = quarantine_detail(connection, image, repository, then, state)? else { return Ok(()) };
    let event = verdict_events::event_of(EventKind::QUARANTINE_CHANGED, image, at, detail);
    events::append(connection, &event)?;
    Ok(())
}

/// The severities of the details, with our word and theirs.
const SEVERITIES: [(&str, &str); 5] =
    [("Critical", "Critical"), ("High", "High"), ("Medium", "Medium"), ("Low", "Low"), ("Unknown", "None")];

/// The form that Security Center writes. Where no link is given, the one that is known stays.
fn details(
    state: Option<QuarantineState>,
    counts: &BTreeMap<String, u64>,
    link: Option<&str>,
    known: Option<&str>,
    at: Timestamp,
) -> Value {
    let said = if state == Some(QuarantineState::Passed) { "Scan Passed" } else { "Scan Failed" };
    let counted = |(ours, theirs): &(&str, &str)| {
        let count = counts.get(*ours).copied().unwrap_or_default();
        (count > 0).then(|| json!({ "severity": theirs, "count": count }))
    };
    let known: Value = known.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let link = link.or_else(|| known.get("link")?.as_str()).unwrap_or_default();
    json!({
        "state": said,
        "link": link,
        "scanner": "Lazaretto",
        "result": {
            "version": at.to_string(),
            "summary": SEVERITIES.iter().filter_map(counted).collect::<Vec<_>>(),
        },
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

/// The tags that point at an image, by name.
pub(super) fn tag_names(connection: &Connection, image: &ImageKey) -> Result<Vec<String>, Error> {
    let Some(repository) = repositories::find(connection, &image.repository)? else { return Ok(Vec::new()) };
    Ok(tags(connection, repository, &image.digest)?.iter().map(|tag| tag.as_str().to_owned()).collect())
}
