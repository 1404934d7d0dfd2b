//! The event of a verdict that became another one, in the transaction that changes it.
//!
//! A job that runs twice finds the verdict as it left it, and tells nothing.

use super::column::{Columns, row};
use super::{conclusion, events};
use crate::{Actor, Cause, Error, EventKind, ImageKey, ImageState, JudgedImage, NewEvent, SnapshotVersion};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

/// How history names us.
pub(super) const SCANNER: &str = "lazaretto";

/// An event of an image that we made ourselves.
pub(super) fn event_of(kind: EventKind, image: &ImageKey, at: Timestamp, detail: Value) -> NewEvent {
    NewEvent {
        kind,
        registry: Some(image.repository.registry),
        repository: Some(image.repository.name.clone()),
        digest: Some(image.digest.clone()),
        tag: None,
        actor: Actor(SCANNER.to_owned()),
        at,
        detail,
    }
}

/// A verdict as it stands before it is written anew.
pub(super) struct Before {
    pub(super) state: ImageState,
    pub(super) cause: Option<Cause>,
    /// As JSON.
    pub(super) counts: String,
    pub(super) snapshot: Option<SnapshotVersion>,
    /// Whether it shows something else than was found, because of rules.
    pub(super) is_ruled: bool,
}

/// Whether a state is a verdict, and not the wait for one.
pub(super) fn is_verdict(state: ImageState) -> bool {
    match state {
        ImageState::Healthy | ImageState::Unhealthy | ImageState::NotApplicable => true,
        ImageState::Queued | ImageState::Scanning | ImageState::Unscanned => false,
    }
}

impl Before {
    /// The verdict on an image, if it has a summary.
    pub(super) fn of(connection: &Connection, image: &ImageKey) -> Result<Option<Self>, Error> {
        let sql = "SELECT state, cause_code, cause_sentence, counts, snapshot, found_state FROM image_summary
                   WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
        let ImageKey { repository, digest } = image;
        let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
        row(connection, sql, key, |row| {
            let cause = match (row.plain("cause_code")?, row.plain("cause_sentence")?) {
                (Some(code), Some(sentence)) => Some(Cause { code, sentence }),
                _ => None,
            };
            Ok(Self {
                state: row.word("state", ImageState::from_word)?,
                cause,
                counts: row.plain("counts")?,
                snapshot: row.plain::<Option<String>>("snapshot")?.map(SnapshotVersion),
                is_ruled: row.plain::<Option<String>>("found_state")?.is_some(),
            })
        })
    }

    pub(super) fn is_verdict(&self) -> bool {
        is_verdict(self.state)
    }
}

/// Why an image is what it is, in a sentence. An unhealthy image is unhealthy by its findings, whatever else is to be said
/// of it.
fn why(after: &JudgedImage) -> Option<String> {
    if after.state != ImageState::Unhealthy {
        return after.cause.as_ref().map(|cause| cause.sentence.clone());
    }
    let all: u64 = after.counts.values().sum();
    let worst_first = ["Critical", "High", "Medium", "Low", "Unknown"];
    let of = |word: &&str| Some(format!("{} {word}", after.counts.get(*word).filter(|count| **count > 0)?));
    let parts: Vec<String> = worst_first.iter().filter_map(of).collect();
    let (noun, verb) = if all == 1 { ("finding", "applies") } else { ("findings", "apply") };
    Some(format!("{all} {noun} {verb}: {}.", parts.join(", ")))
}

/// What an image runs on, as its summary has it.
fn platform(connection: &Connection, image: &ImageKey) -> Result<Option<String>, Error> {
    let sql = "SELECT platform FROM image_summary WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let ImageKey { repository, digest } = image;
    let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
    Ok(row(connection, sql, key, |row| row.plain::<Option<String>>("platform"))?.flatten())
}

/// Tells history of a verdict that became another one; nothing, if the state is the same.
pub(super) fn tell(
    connection: &Connection,
    image: &ImageKey,
    before: &Before,
    after: &JudgedImage,
    is_ruled: bool,
    snapshot: Option<&SnapshotVersion>,
    at: Timestamp,
) -> Result<(), Error> {
    let was = before.is_verdict().then_some(before.state);
    if !is_verdict(after.state) || was == Some(after.state) {
        return Ok(());
    }
    let reason = match was {
        None => "NewImage",
        // It was, or is, other than what was found.
        Some(_) if before.is_ruled || is_ruled => "RulesChanged",
        Some(_) if before.snapshot.as_ref() != snapshot => "AdvisoriesChanged",
        Some(_) => "AssessedAgain",
    };
    let event = event_of(
        EventKind::VERDICT_CHANGED,
        image,
        at,
        json!({
            "from": was.map(ImageState::as_str),
            "to": after.state.as_str(),
            "reason": reason,
            "cause": why(after),
            "causeCode": after.cause.as_ref().map(|cause| &cause.code),
            "platform": platform(connection, image)?,
            "findings": after.counts,
            "snapshot": snapshot.map(|snapshot| &snapshot.0),
            "tags": conclusion::tag_names(connection, image)?,
        }),
    );
    events::append(connection, &event)?;
    Ok(())
}
