//! Objects in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, json_text, moment, row, rows};
use crate::{Error, Objects, StoredObject};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

#[async_trait]
impl Objects for SqliteStore {
    async fn put_object(&self, kind: &'static str, object: StoredObject, at: Timestamp) -> Result<(), Error> {
        let rest = "ON CONFLICT (kind, key) DO UPDATE
                    SET key = excluded.key, owner = excluded.owner, body = excluded.body,
                        updated_at = excluded.updated_at";
        self.write(move |connection| insert(connection, kind, &object, at, rest).map(drop)).await
    }

    async fn add_object(
        &self,
        kind: &'static str,
        object: StoredObject,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let rest = "ON CONFLICT (kind, key) DO NOTHING";
        self.write(move |connection| Ok(insert(connection, kind, &object, at, rest)? > 0)).await
    }

    async fn object(&self, kind: &'static str, key: &str) -> Result<Option<StoredObject>, Error> {
        let key = key.to_owned();
        self.read(move |connection| {
            let sql = "SELECT key, owner, body FROM object WHERE kind = ?1 AND key = ?2";
            row(connection, sql, params![kind, key], object)
        })
        .await
    }

    async fn objects(&self, kind: &'static str, owner: Option<&str>) -> Result<Vec<StoredObject>, Error> {
        let owner = owner.map(str::to_owned);
        self.read(move |connection| match owner {
            Some(owner) => {
                let sql = "SELECT key, owner, body FROM object WHERE kind = ?1 AND owner = ?2 ORDER BY key";
                rows(connection, sql, params![kind, owner], object)
            }
            None => {
                let sql = "SELECT key, owner, body FROM object WHERE kind = ?1 ORDER BY key";
                rows(connection, sql, [kind], object)
            }
        })
        .await
    }

    async fn delete_object(&self, kind: &'static str, key: &str) -> Result<bool, Error> {
        let key = key.to_owned();
        self.write(move |connection| {
            let sql = "DELETE FROM object WHERE kind = ?1 AND key = ?2";
            Ok(change(connection, sql, params![kind, key])? > 0)
        })
        .await
    }
}

fn insert(
    connection: &Connection,
    kind: &str,
    object: &StoredObject,
    at: Timestamp,
    rest: &str,
) -> Result<usize, Error> {
    let sql =
        format!("INSERT INTO object (kind, key, owner, body, updated_at) VALUES (?1, ?2, ?3, ?4, ?5) {rest}");
    let body = json_text(&object.body)?;
    change(connection, &sql, params![kind, object.key, object.owner, body, moment(at)])
}

fn object(row: &Row<'_>) -> Result<StoredObject, Error> {
    Ok(StoredObject { key: row.plain("key")?, owner: row.plain("owner")?, body: row.json("body")? })
}
