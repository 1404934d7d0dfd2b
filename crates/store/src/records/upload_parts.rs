//! How far uploads are whose bytes are in an object storage.
//!
//! What the document says is the business of [`ObjectBlobs`](crate::ObjectBlobs). The version keeps two nodes that
//! work on one upload apart: a record is replaced only by whoever has seen the last one.

use crate::{Error, StaleUpload, UploadId};
use async_trait::async_trait;
use jiff::Timestamp;

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredParts {
    /// The version, which begins at 1.
    pub version: u64,
    /// How many bytes there are.
    pub size: u64,
    /// What the storage needs to know.
    pub document: Vec<u8>,
    /// When bytes were last appended.
    pub touched_at: Timestamp,
}

/// How far uploads are.
#[async_trait]
pub trait UploadParts: Send + Sync {
    /// How far an upload is, if it is known.
    async fn upload_parts(&self, upload: UploadId) -> Result<Option<StoredParts>, Error>;

    /// Replaces the record of a version, or makes the first one. `false` if there is another than that.
    async fn put_upload_parts(
        &self,
        upload: UploadId,
        replaced: Option<u64>,
        parts: StoredParts,
    ) -> Result<bool, Error>;

    /// Forgets an upload. `false` if it was not known.
    async fn remove_upload_parts(&self, upload: UploadId) -> Result<bool, Error>;

    /// The uploads that were last appended to before a moment.
    async fn upload_parts_before(&self, before: Timestamp) -> Result<Vec<StaleUpload>, Error>;
}
