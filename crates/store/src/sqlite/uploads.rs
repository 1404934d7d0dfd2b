//! Upload sessions in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, moment, row, rows, size};
use crate::{Actor, Error, RegistryId, RepositoryKey, UploadId, UploadSession, Uploads};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;

#[async_trait]
impl Uploads for SqliteStore {
    async fn create_upload(
        &self,
        upload: UploadId,
        repository: &RepositoryKey,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (repository, actor) = (repository.clone(), actor.clone());
        self.write(move |connection| {
            let sql = "INSERT INTO upload (id, registry, repository, actor, position, started_at, touched_at)
                       VALUES (?1, ?2, ?3, ?4, 0, ?5, ?5)";
            let RepositoryKey { registry, name } = &repository;
            let session = params![upload.to_string(), registry.0, name.as_str(), actor.0, moment(at)];
            change(connection, sql, session)?;
            Ok(())
        })
        .await
    }

    async fn upload(
        &self,
        upload: UploadId,
        repository: &RepositoryKey,
        actor: &Actor,
    ) -> Result<Option<UploadSession>, Error> {
        let (repository, actor) = (repository.clone(), actor.clone());
        self.read(move |connection| {
            let sql =
                "SELECT * FROM upload WHERE id = ?1 AND registry = ?2 AND repository = ?3 AND actor = ?4";
            let RepositoryKey { registry, name } = &repository;
            row(connection, sql, params![upload.to_string(), registry.0, name.as_str(), actor.0], |row| {
                Ok(UploadSession {
                    upload,
                    repository: RepositoryKey {
                        registry: RegistryId(row.plain("registry")?),
                        name: row.parsed("repository")?,
                    },
                    actor: Actor(row.plain("actor")?),
                    offset: row.count("position")?,
                    started_at: row.moment("started_at")?,
                    touched_at: row.moment("touched_at")?,
                })
            })
        })
        .await
    }

    async fn advance_upload(
        &self,
        upload: UploadId,
        from: u64,
        to: u64,
        at: Timestamp,
    ) -> Result<bool, Error> {
        self.write(move |connection| {
            let sql = "UPDATE upload SET position = ?3, touched_at = ?4 WHERE id = ?1 AND position = ?2";
            let moved = params![upload.to_string(), size(from), size(to), moment(at)];
            Ok(change(connection, sql, moved)? > 0)
        })
        .await
    }

    async fn remove_upload(&self, upload: UploadId) -> Result<bool, Error> {
        self.write(move |connection| {
            Ok(change(connection, "DELETE FROM upload WHERE id = ?1", [upload.to_string()])? > 0)
        })
        .await
    }

    async fn expire_uploads(&self, before: Timestamp) -> Result<Vec<UploadId>, Error> {
        self.write(move |connection| {
            let sql = "DELETE FROM upload WHERE touched_at < ?1 RETURNING id";
            rows(connection, sql, [moment(before)], |row| row.parsed("id"))
        })
        .await
    }
}
