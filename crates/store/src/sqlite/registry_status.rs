//! Where the assessment of a registry stands, in SQLite: brought up to date in the transaction that changes a verdict on
//! one of its images, so that its dates are those of the change and not of a look at it.

use super::column::{Columns, change, exists, moment, row};
use super::events;
use super::verdict_events::SCANNER;
use crate::{Actor, Error, EventKind, ImageState, NewEvent, RegistryId};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::json;

/// Where a registry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) state: ImageState,
    pub(super) first_at: Timestamp,
    pub(super) changed_at: Timestamp,
}

/// Whether a registry has an image in a state, from the index alone.
pub(super) const HAS_STATE: &str = "SELECT 1 FROM image_summary WHERE registry = ?1 AND state = ?2 LIMIT 1";

/// Where a registry stands, if there was ever a verdict in it.
pub(super) fn of(connection: &Connection, registry: RegistryId) -> Result<Option<Status>, Error> {
    let sql = "SELECT state, first_at, changed_at FROM registry_status WHERE registry = ?1";
    row(connection, sql, [registry.0], |row| {
        Ok(Status {
            state: row.word("state", ImageState::from_word)?,
            first_at: row.moment("first_at")?,
            changed_at: row.moment("changed_at")?,
        })
    })
}

/// What the images of a registry come to: it is as bad as its worst image. None if no image has a verdict.
fn now(connection: &Connection, registry: RegistryId) -> Result<Option<ImageState>, Error> {
    for state in [ImageState::Unhealthy, ImageState::NotApplicable, ImageState::Healthy] {
        if exists(connection, HAS_STATE, params![registry.0, state.as_str()])? {
            return Ok(Some(state));
        }
    }
    Ok(None)
}

/// Lets the status of a registry follow its images, and tells history if it became another one.
pub(super) fn follow(connection: &Connection, registry: RegistryId, at: Timestamp) -> Result<(), Error> {
    let before = of(connection, registry)?;
    let state = match (now(connection, registry)?, before) {
        (Some(state), _) => state,
        // Its last image is gone, or waits.
        (None, Some(_)) => ImageState::NotApplicable,
        (None, None) => return Ok(()),
    };
    if before.is_some_and(|before| before.state == state) {
        return Ok(());
    }
    let sql = "INSERT INTO registry_status (registry, state, first_at, changed_at) VALUES (?1, ?2, ?3, ?3)
               ON CONFLICT (registry) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at";
    change(connection, sql, params![registry.0, state.as_str(), moment(at)])?;
    let event = NewEvent {
        kind: EventKind::REGISTRY_STATUS_CHANGED,
        registry: Some(registry),
        repository: None,
        digest: None,
        tag: None,
        actor: Actor(SCANNER.to_owned()),
        at,
        detail: json!({ "from": before.map(|before| before.state.as_str()), "to": state.as_str() }),
    };
    events::append(connection, &event)?;
    Ok(())
}
