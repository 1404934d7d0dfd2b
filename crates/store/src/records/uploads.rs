//! Upload sessions: which upload belongs to which repository and to whom.
//!
//! The bytes are with [`Blobs`](crate::Blobs). A session of one repository or one person is never found by another.

use crate::{Actor, Error, RepositoryKey, UploadId};
use async_trait::async_trait;
use jiff::Timestamp;

/// An upload that has begun and has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSession {
    /// The upload.
    pub upload: UploadId,
    /// Where it goes.
    pub repository: RepositoryKey,
    /// Who began it.
    pub actor: Actor,
    /// How many bytes were acknowledged.
    pub offset: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last continued.
    pub touched_at: Timestamp,
}

/// Upload sessions.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// Begins a session at offset 0.
    async fn create_upload(
        &self,
        upload: UploadId,
        repository: &RepositoryKey,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// A session, if it belongs to this repository and this person.
    async fn upload(
        &self,
        upload: UploadId,
        repository: &RepositoryKey,
        actor: &Actor,
    ) -> Result<Option<UploadSession>, Error>;

    /// Moves a session from one offset to another. `false` if it stands elsewhere or is gone.
    async fn advance_upload(
        &self,
        upload: UploadId,
        from: u64,
        to: u64,
        at: Timestamp,
    ) -> Result<bool, Error>;

    /// Ends a session. `false` if it was gone.
    async fn remove_upload(&self, upload: UploadId) -> Result<bool, Error>;

    /// Ends the sessions that nobody continued since `before`, and returns them, so that their bytes can go too.
    async fn expire_uploads(&self, before: Timestamp) -> Result<Vec<UploadId>, Error>;
}
