//! Documents in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, json_text, moment, row, rows, value};
use crate::{Actor, DocumentKey, DocumentPut, Documents, Error, KeptDocument, MOST_DOCUMENTS};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::Value;

#[async_trait]
impl Documents for SqliteStore {
    async fn put_document(
        &self,
        key: DocumentKey,
        body: Value,
        author: Actor,
        at: Timestamp,
    ) -> Result<DocumentPut, Error> {
        self.write(move |connection| put(connection, &key, &body, &author, at)).await
    }

    async fn document(&self, key: &DocumentKey) -> Result<Option<KeptDocument>, Error> {
        let key = key.clone();
        self.read(move |connection| find(connection, &key)).await
    }

    async fn documents(&self, kind: &'static str) -> Result<Vec<KeptDocument>, Error> {
        self.read(move |connection| {
            let sql = "SELECT * FROM document WHERE kind = ?1 ORDER BY scope, name";
            rows(connection, sql, [kind], document)
        })
        .await
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<bool, Error> {
        let key = key.clone();
        self.write(move |connection| {
            let sql = "DELETE FROM document WHERE kind = ?1 AND scope = ?2 AND name = ?3";
            Ok(change(connection, sql, params![key.kind, key.scope, key.name])? > 0)
        })
        .await
    }

    async fn told(&self, automation: &str, resource: &str) -> Result<Option<String>, Error> {
        let (automation, resource) = (automation.to_owned(), resource.to_owned());
        self.read(move |connection| {
            let sql = "SELECT fingerprint FROM automation_told WHERE automation = ?1 AND resource = ?2";
            value(connection, sql, [automation, resource])
        })
        .await
    }

    async fn remember_told(
        &self,
        automation: &str,
        told: Vec<(String, String)>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let automation = automation.to_owned();
        self.write(move |connection| {
            let sql = "INSERT INTO automation_told (automation, resource, fingerprint, at)
                       VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (automation, resource) DO UPDATE
                       SET fingerprint = excluded.fingerprint, at = excluded.at";
            for (resource, fingerprint) in told {
                change(connection, sql, params![automation, resource, fingerprint, moment(at)])?;
            }
            Ok(())
        })
        .await
    }

    async fn forget_told(&self, automation: &str) -> Result<(), Error> {
        let automation = automation.to_owned();
        self.write(move |connection| {
            change(connection, "DELETE FROM automation_told WHERE automation = ?1", [automation])?;
            Ok(())
        })
        .await
    }
}

fn put(
    connection: &Connection,
    key: &DocumentKey,
    body: &Value,
    author: &Actor,
    at: Timestamp,
) -> Result<DocumentPut, Error> {
    let is_new = find(connection, key)?.is_none();
    let count: i64 =
        value(connection, "SELECT count(*) FROM document WHERE kind = ?1", [key.kind])?.unwrap_or(0);
    if is_new && usize::try_from(count).unwrap_or(usize::MAX) >= MOST_DOCUMENTS {
        return Ok(DocumentPut::TooMany);
    }
    let sql = "INSERT INTO document (kind, scope, name, body, author, created_at, changed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
               ON CONFLICT (kind, scope, name) DO UPDATE
               SET body = excluded.body, author = excluded.author, changed_at = excluded.changed_at";
    change(connection, sql, params![key.kind, key.scope, key.name, json_text(body)?, author.0, moment(at)])?;
    Ok(if is_new { DocumentPut::Created } else { DocumentPut::Replaced })
}

fn find(connection: &Connection, key: &DocumentKey) -> Result<Option<KeptDocument>, Error> {
    let sql = "SELECT * FROM document WHERE kind = ?1 AND scope = ?2 AND name = ?3";
    row(connection, sql, params![key.kind, key.scope, key.name], document)
}

fn document(row: &Row<'_>) -> Result<KeptDocument, Error> {
    Ok(KeptDocument {
        scope: row.plain("scope")?,
        name: row.plain("name")?,
        body: row.json("body")?,
        author: Actor(row.plain("author")?),
        created_at: row.moment("created_at")?,
        changed_at: row.moment("changed_at")?,
    })
}
