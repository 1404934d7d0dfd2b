//! What is kept for a moment, in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, exists, json_text, moment, row};
use crate::{Error, Transient, TransientBounds, TransientPut, Transients};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Params, Row, params};

#[async_trait]
impl Transients for SqliteStore {
    async fn add_transient(
        &self,
        kind: &'static str,
        transient: Transient,
        bounds: TransientBounds,
        now: Timestamp,
    ) -> Result<TransientPut, Error> {
        self.write(move |connection| add(connection, kind, &transient, bounds, now)).await
    }

    async fn transient(
        &self,
        kind: &'static str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Transient>, Error> {
        let key = key.to_owned();
        self.read(move |connection| find(connection, kind, &key, now)).await
    }

    async fn take_transient(
        &self,
        kind: &'static str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Transient>, Error> {
        let key = key.to_owned();
        self.write(move |connection| {
            let found = find(connection, kind, &key, now)?;
            change(connection, "DELETE FROM transient WHERE kind = ?1 AND key = ?2", params![kind, key])?;
            Ok(found)
        })
        .await
    }

    async fn forget_transients(&self, now: Timestamp) -> Result<u64, Error> {
        self.write(move |connection| {
            let sql = "DELETE FROM transient WHERE expires_at <= ?1";
            Ok(change(connection, sql, [moment(now)])? as u64)
        })
        .await
    }
}

fn add(
    connection: &Connection,
    kind: &str,
    new: &Transient,
    bounds: TransientBounds,
    now: Timestamp,
) -> Result<TransientPut, Error> {
    let sql = "DELETE FROM transient WHERE kind = ?1 AND expires_at <= ?2";
    change(connection, sql, params![kind, moment(now)])?;
    let there = "SELECT 1 FROM transient WHERE kind = ?1 AND key = ?2";
    if exists(connection, there, params![kind, new.key])? {
        return Ok(TransientPut::Exists);
    }
    let all = count(connection, "SELECT count(*) AS number FROM transient WHERE kind = ?1", params![kind])?;
    let of_owner = count(
        connection,
        "SELECT count(*) AS number FROM transient WHERE kind = ?1 AND owner = ?2",
        params![kind, new.owner],
    )?;
    if all >= bounds.all || of_owner >= bounds.of_owner {
        return Ok(TransientPut::Full);
    }
    let sql = "INSERT INTO transient (kind, key, owner, body, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let body = json_text(&new.body)?;
    change(connection, sql, params![kind, new.key, new.owner, body, moment(new.expires_at)])?;
    Ok(TransientPut::Kept)
}

fn count(connection: &Connection, sql: &str, params: impl Params) -> Result<u32, Error> {
    Ok(row(connection, sql, params, |row| row.count("number"))?.unwrap_or_default())
}

fn find(connection: &Connection, kind: &str, key: &str, now: Timestamp) -> Result<Option<Transient>, Error> {
    let sql = "SELECT * FROM transient WHERE kind = ?1 AND key = ?2 AND expires_at > ?3";
    row(connection, sql, params![kind, key, moment(now)], transient)
}

fn transient(row: &Row<'_>) -> Result<Transient, Error> {
    Ok(Transient {
        key: row.plain("key")?,
        owner: row.plain("owner")?,
        body: row.json("body")?,
        expires_at: row.moment("expires_at")?,
    })
}
