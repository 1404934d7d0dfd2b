//! How far uploads are, in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, moment, row, rows, size};
use crate::{Error, StaleUpload, StoredParts, UploadId, UploadParts};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;

#[async_trait]
impl UploadParts for SqliteStore {
    async fn upload_parts(&self, upload: UploadId) -> Result<Option<StoredParts>, Error> {
        self.read(move |connection| {
            let sql = "SELECT version, size, document, touched_at FROM upload_parts WHERE upload = ?1";
            row(connection, sql, [upload.to_string()], |row| {
                Ok(StoredParts {
                    version: row.count("version")?,
                    size: row.count("size")?,
                    document: row.plain("document")?,
                    touched_at: row.moment("touched_at")?,
                })
            })
        })
        .await
    }

    async fn put_upload_parts(
        &self,
        upload: UploadId,
        replaced: Option<u64>,
        parts: StoredParts,
    ) -> Result<bool, Error> {
        self.write(move |connection| {
            let StoredParts { version, size: bytes, document, touched_at } = parts;
            let sql = match replaced {
                None => {
                    "INSERT INTO upload_parts (upload, version, size, document, touched_at)
                     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING"
                }
                Some(_) => {
                    "UPDATE upload_parts SET version = ?2, size = ?3, document = ?4, touched_at = ?5
                     WHERE upload = ?1 AND version = ?6"
                }
            };
            let (upload, at) = (upload.to_string(), moment(touched_at));
            let changed = match replaced {
                None => change(connection, sql, params![upload, size(version), size(bytes), document, at])?,
                Some(replaced) => {
                    let values = params![upload, size(version), size(bytes), document, at, size(replaced)];
                    change(connection, sql, values)?
                }
            };
            Ok(changed > 0)
        })
        .await
    }

    async fn remove_upload_parts(&self, upload: UploadId) -> Result<bool, Error> {
        self.write(move |connection| {
            Ok(change(connection, "DELETE FROM upload_parts WHERE upload = ?1", [upload.to_string()])? > 0)
        })
        .await
    }

    async fn upload_parts_before(&self, before: Timestamp) -> Result<Vec<StaleUpload>, Error> {
        self.read(move |connection| {
            let sql =
                "SELECT upload, size, touched_at FROM upload_parts WHERE touched_at < ?1 ORDER BY upload";
            rows(connection, sql, [moment(before)], |row| {
                Ok(StaleUpload {
                    upload: row.parsed("upload")?,
                    size: row.count("size")?,
                    touched_at: row.moment("touched_at")?,
                })
            })
        })
        .await
    }
}
