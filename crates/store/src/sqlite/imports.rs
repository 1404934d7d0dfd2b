//! Imports in SQLite.

use super::column::{Columns, change, json_text, moment, row, size};
use super::{SqliteStore, queue};
use crate::{
    Error, IMPORT_JOB, Import, ImportCredentials, ImportState, ImportWish, Imports, NewJob, RegistryId,
    SubscriptionId,
};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::Digest;
use rusqlite::{Connection, params};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Credentials of imports that were not done yet, in memory alone.
#[derive(Default)]
pub(super) struct Vault(Mutex<HashMap<Uuid, ImportCredentials>>);

impl Vault {
    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, ImportCredentials>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

#[async_trait]
impl Imports for SqliteStore {
    async fn begin_import(
        &self,
        id: Uuid,
        registry: RegistryId,
        subscription: SubscriptionId,
        wish: ImportWish,
        credentials: Option<ImportCredentials>,
        at: Timestamp,
    ) -> Result<Import, Error> {
        if let Some(credentials) = credentials {
            self.vault.open().insert(id, credentials);
        }
        let begun =
            self.write(move |connection| begin(connection, id, registry, subscription, &wish, at)).await;
        if begun.is_err() {
            self.vault.open().remove(&id);
        }
        self.announce_jobs();
        begun
    }

    async fn import(&self, id: Uuid) -> Result<Option<Import>, Error> {
        self.read(move |connection| find(connection, id)).await
    }

    async fn import_credentials(&self, id: Uuid) -> Option<ImportCredentials> {
        self.vault.open().get(&id).cloned()
    }

    async fn import_progress(&self, id: Uuid, done: u64, total: u64, at: Timestamp) -> Result<(), Error> {
        self.write(move |connection| {
            let sql = "UPDATE import SET done = ?2, total = ?3, updated_at = ?4 WHERE id = ?1 AND state = 'Running'";
            change(connection, sql, params![id.to_string(), size(done), size(total), moment(at)])?;
            Ok(())
        })
        .await
    }

    async fn end_import(
        &self,
        id: Uuid,
        outcome: Result<Digest, String>,
        at: Timestamp,
    ) -> Result<(), Error> {
        // Nobody sees an import that has ended while its credentials are still here.
        let credentials = self.vault.open().remove(&id);
        let ended = self
            .write(move |connection| {
                let (state, digest, error) = match &outcome {
                    Ok(digest) => (ImportState::Succeeded, Some(digest.as_str()), None),
                    Err(error) => (ImportState::Failed, None, Some(error.as_str())),
                };
                let sql =
                    "UPDATE import SET state = ?2, digest = ?3, error = ?4, updated_at = ?5 WHERE id = ?1";
                change(connection, sql, params![id.to_string(), state.as_str(), digest, error, moment(at)])?;
                Ok(())
            })
            .await;
        if let (Err(_), Some(credentials)) = (&ended, credentials) {
            self.vault.open().insert(id, credentials);
        }
        ended
    }

    async fn forget_imports(&self, before: Timestamp) -> Result<u64, Error> {
        self.write(move |connection| {
            let sql = "DELETE FROM import WHERE state IN ('Succeeded', 'Failed') AND updated_at < ?1";
            Ok(change(connection, sql, [moment(before)])? as u64)
        })
        .await
    }
}

fn begin(
    connection: &Connection,
    id: Uuid,
    registry: RegistryId,
    subscription: SubscriptionId,
    wish: &ImportWish,
    at: Timestamp,
) -> Result<Import, Error> {
    let sql = "INSERT INTO import (id, registry, wish, state, done, total, created_at, updated_at)
               VALUES (?1, ?2, ?3, 'Running', 0, 0, ?4, ?4)";
    change(connection, sql, params![id.to_string(), registry.0, json_text(wish)?, moment(at)])?;
    let job = NewJob {
        kind: IMPORT_JOB,
        key: id.to_string(),
        subscription: Some(subscription),
        priority: 0,
        payload: Value::Null,
        not_before: None,
    };
    queue::enqueue(connection, &[job], at)?;
    find(connection, id)?.ok_or_else(|| Error::Unknown { what: "import", name: id.to_string() })
}

fn find(connection: &Connection, id: Uuid) -> Result<Option<Import>, Error> {
    row(connection, "SELECT * FROM import WHERE id = ?1", [id.to_string()], |row| {
        Ok(Import {
            id: row.parsed("id")?,
            registry: RegistryId(row.plain("registry")?),
            wish: row.json("wish")?,
            state: row.word("state", ImportState::from_word)?,
            done: row.count("done")?,
            total: row.count("total")?,
            digest: row.maybe_parsed("digest")?,
            error: row.plain("error")?,
            created_at: row.moment("created_at")?,
            updated_at: row.moment("updated_at")?,
        })
    })
}
