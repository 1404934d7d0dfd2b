//! History in SQLite.

use super::column::{Columns, change, json_text, moment, row, rows, value, with_surplus};
use super::{SqliteStore, webhooks};
use crate::{
    Actor, Error, Event, EventFilter, EventKind, EventStretch, Events, NewEvent, Page, PageRequest,
    RegistryId,
};
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

    async fn wanted_events(
        &self,
        filter: &EventFilter,
        after: i64,
        limit: usize,
    ) -> Result<EventStretch, Error> {
        let filter = filter.clone();
        self.read(move |connection| wanted(connection, &filter, after, limit)).await
    }

    async fn latest_event(&self) -> Result<i64, Error> {
        self.read(latest).await
    }

    async fn wait_for_events(&self, after: i64) {
        let mut heard = self.heard.subscribe();
        // The sender lives as long as this store.
        let _ = heard.wait_for(|heard| heard.latest_event > after).await;
    }

    async fn wait_for_deliveries(&self, seen: u64) -> u64 {
        let mut heard = self.heard.subscribe();
        let waited = heard.wait_for(|heard| heard.generation() != seen).await;
        waited.map_or(seen, |heard| heard.generation())
    }
}

/// How far one call looks: some 50 ms of reading.
const REACH: i64 = 50_000;

fn wanted(
    connection: &Connection,
    filter: &EventFilter,
    after: i64,
    limit: usize,
) -> Result<EventStretch, Error> {
    let limit = limit.clamp(1, PageRequest::<i64>::MAX);
    let end = latest(connection)?;
    let reach = after.saturating_add(REACH).min(end);
    let registries: Vec<i64> = filter.registries.iter().map(|registry| registry.0).collect();
    let kinds: Vec<&str> = filter.kinds.iter().map(EventKind::as_str).collect();
    let values = params![
        after,
        reach,
        json_text(&registries)?,
        json_text(&kinds)?,
        filter.repository.as_ref().map(RepositoryName::as_str),
        with_surplus(limit),
        filter.elsewhere,
    ];
    let page = Page::from_surplus(rows(connection, WANTED, values, event)?, limit, |event| event.sequence);
    let seen = page.next.unwrap_or(reach.max(after));
    Ok(EventStretch { events: page.items, seen, is_end: seen >= end })
}

/// The wanted events between two places. The signs keep the order of the key: by an index of a registry, a page would
/// have to be sorted.
pub(super) const WANTED: &str = "SELECT * FROM event WHERE sequence > ?1 AND sequence <= ?2
     AND (+registry IN (SELECT value FROM json_each(?3))
          OR (?7 AND NOT EXISTS (SELECT 1 FROM registry r WHERE r.id = event.registry)))
     AND (?4 = '[]' OR +kind IN (SELECT value FROM json_each(?4)))
     AND (?5 IS NULL OR +repository = ?5)
     ORDER BY sequence LIMIT ?6";

/// The place of the latest event.
pub(super) fn latest(connection: &Connection) -> Result<i64, Error> {
    Ok(value::<Option<i64>>(connection, "SELECT max(sequence) FROM event", [])?.flatten().unwrap_or_default())
}

/// The event at a place.
pub(super) fn at(connection: &Connection, sequence: i64) -> Result<Option<Event>, Error> {
    row(connection, "SELECT * FROM event WHERE sequence = ?1", [sequence], event)
}

/// Events after a place.
pub(super) const LIST: &str = "SELECT * FROM event WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";

/// Adds an event to the transaction that runs, with the deliveries that tell of it.
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
    let sequence = connection.last_insert_rowid();
    webhooks::fan_out(connection, sequence, event)?;
    Ok(sequence)
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
