//! Changes that wait for the next mail, in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, json_text, moment, row, rows};
use crate::{DigestEntry, Digests, Error, Waiting};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;
use serde_json::Value;

#[async_trait]
impl Digests for SqliteStore {
    async fn note_for_digest(
        &self,
        sink: &str,
        changes: Vec<(String, Value)>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let sink = sink.to_owned();
        self.write(move |connection| {
            // A resource that changes again and again must not put the mail off for ever.
            let sql = "INSERT INTO digest_entry (sink, resource, at, body, sequence)
                       VALUES (?1, ?2, ?3, ?4, (SELECT coalesce(max(sequence), 0) + 1 FROM digest_entry))
                       ON CONFLICT (sink, resource) DO UPDATE
                       SET body = excluded.body, sequence = excluded.sequence";
            for (resource, body) in changes {
                change(connection, sql, params![sink, resource, moment(at), json_text(&body)?])?;
            }
            Ok(())
        })
        .await
    }

    async fn digest_waits_since(&self, sink: &str) -> Result<Option<Timestamp>, Error> {
        let sink = sink.to_owned();
        self.read(move |connection| {
            let sql = "SELECT min(at) AS at FROM digest_entry WHERE sink = ?1";
            Ok(row(connection, sql, [sink], |row| row.maybe_moment("at"))?.flatten())
        })
        .await
    }

    async fn digest_entries(&self, sink: &str, limit: usize) -> Result<Waiting, Error> {
        let sink = sink.to_owned();
        self.read(move |connection| {
            let sql = "SELECT count(*) AS count, coalesce(max(sequence), 0) AS seen
                       FROM digest_entry WHERE sink = ?1";
            let found = row(connection, sql, [&sink], |row| Ok((row.count("count")?, row.plain("seen")?)))?;
            let (count, seen) = found.unwrap_or_default();
            let sql = "SELECT * FROM digest_entry WHERE sink = ?1 ORDER BY resource LIMIT ?2";
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let entries = rows(connection, sql, params![sink, limit], |row| {
                Ok(DigestEntry {
                    resource: row.plain("resource")?,
                    at: row.moment("at")?,
                    body: row.json("body")?,
                })
            })?;
            Ok(Waiting { entries, count, seen })
        })
        .await
    }

    async fn forget_digest(&self, sink: &str, seen: i64) -> Result<(), Error> {
        let sink = sink.to_owned();
        self.write(move |connection| {
            let sql = "DELETE FROM digest_entry WHERE sink = ?1 AND sequence <= ?2";
            change(connection, sql, params![sink, seen]).map(drop)
        })
        .await
    }

    async fn keep_digests_of(&self, sinks: &[String]) -> Result<(), Error> {
        let sinks = json_text(sinks)?;
        self.write(move |connection| {
            let sql = "DELETE FROM digest_entry
                       WHERE sink NOT IN (SELECT value COLLATE NOCASE FROM json_each(?1))";
            change(connection, sql, [sinks]).map(drop)
        })
        .await
    }
}
