//! History in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, json_text, moment, rows, with_surplus};
use crate::{Actor, Error, Event, EventKind, Events, NewEvent, Page, PageRequest, RegistryId};
use async_trait::async_trait;
use oci::{Digest, RepositoryName, Tag};
use rusqlite::{Connection, Row, params};

#[async_trait]
impl Events for SqliteStore {
    async fn append_event(&self, event: NewEvent) -> Result<i64, Error> {
        self.write(move |connection| append(connection, &event)).await
    }

    async fn events(&self, page: PageRequest<i64>) -> Result<Page<Event, i64>, Error> {
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let after = page.after.unwrap_or(0);
            let items = rows(connection, LIST, params![after, with_surplus(limit)], event)?;
            Ok(Page::from_surplus(items, limit, |event| event.sequence))
        })
        .await
    }
}

/// Events after a place.
pub(super) const LIST: &str = "SELECT * FROM event WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";

/// Adds an event to the transaction that runs.
pub(super) fn append(connection: &Connection, event: &NewEvent) -> Result<i64, Error> {
    let sql = "INSERT INTO event (kind, registry, repository, digest, tag, actor, at, detail)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    change(
        connection,
        sql,
        params![
            event.kind.as_str(),
            event.registry.map(|registry| registry.0),
            event.repository.as_ref().map(RepositoryName::as_str),
            event.digest.as_ref().map(Digest::as_str),
            event.tag.as_ref().map(Tag::as_str),
            event.actor.0,
            moment(event.at),
            json_text(&event.detail)?,
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

pub(super) fn event(row: &Row<'_>) -> Result<Event, Error> {
    Ok(Event {
        sequence: row.plain("sequence")?,
        event: NewEvent {
            kind: EventKind::from_text(row.plain("kind")?),
            registry: row.plain::<Option<i64>>("registry")?.map(RegistryId),
            repository: row.maybe_parsed("repository")?,
            digest: row.maybe_parsed("digest")?,
            tag: row.maybe_parsed("tag")?,
            actor: Actor(row.plain("actor")?),
            at: row.moment("at")?,
            detail: row.json("detail")?,
        },
    })
}
