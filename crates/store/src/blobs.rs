//! Blobs: bytes that have a digest, and uploads that do not have one yet.
//!
//! A blob appears under its digest only when all its bytes are on disk and their digest was computed here.
//! Who may see a blob is not decided here: that is the link between a repository and a digest, in the records.

mod folder;
mod objects;
mod reading;

pub use folder::FolderBlobs;
pub use objects::{
    AzureAccess, AzureCredentials, ObjectBlobs, Occupancy, OccupancyError, Occupant, S3Access,
};
pub use reading::Blob;

use crate::{Page, PageRequest, UploadId};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use oci::Digest;
use std::io;

/// The body of a request, piece by piece.
pub type ByteStream<'a> = BoxStream<'a, io::Result<Bytes>>;

/// An upload that nobody continued for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaleUpload {
    /// The upload.
    pub upload: UploadId,
    /// How many bytes it holds.
    pub size: u64,
    /// When bytes were last appended.
    pub touched_at: Timestamp,
}

/// Why a blob could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The storage refused.
    #[error("the blob storage could not {action}")]
    Storage {
        /// What was tried.
        action: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The body broke off. What came before is kept; the upload can be continued.
    #[error("the body broke off after {received} bytes; continue the upload at offset {offset}")]
    Body {
        /// How many bytes of this body arrived.
        received: u64,
        /// Where the upload stands now.
        offset: u64,
        /// What the connection says.
        #[source]
        source: io::Error,
    },
    /// There is no such upload.
    #[error("there is no upload {0}; it was finished, cancelled or expired, begin a new one")]
    UploadUnknown(UploadId),
    /// Someone else appends to this upload at this moment.
    #[error("the upload {0} is in use by another request; wait until that one ends")]
    UploadBusy(UploadId),
    /// The bytes would not follow the ones that are there.
    #[error("the upload stands at offset {actual}, but the bytes are for {requested}")]
    OffsetMismatch {
        /// Where the upload stands.
        actual: u64,
        /// Where the caller wanted to write.
        requested: u64,
    },
    /// The upload is larger than the caller allows.
    #[error("the upload is larger than the {limit} bytes that are allowed")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The bytes have another digest than was promised. The upload is gone.
    #[error("the bytes have the digest {actual}, not {expected}")]
    DigestMismatch {
        /// What was promised.
        expected: Digest,
        /// What they have.
        actual: Digest,
    },
}

/// Where blobs are kept.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Begins an upload under random bits that the caller drew.
    async fn begin(&self, upload: UploadId) -> Result<(), BlobError>;

    /// Appends a body at `offset` and returns the new offset. Memory does not grow with the body.
    ///
    /// When it returns, the bytes are in the file, so that a restarted process continues behind them.
    /// At most `limit` bytes are accepted for the whole upload.
    ///
    /// # Errors
    /// [`BlobError::OffsetMismatch`] if the upload stands elsewhere, [`BlobError::Body`] if the body breaks off,
    /// [`BlobError::UploadBusy`] if another request appends.
    async fn append(
        &self,
        upload: UploadId,
        offset: u64,
        body: ByteStream<'_>,
        limit: u64,
    ) -> Result<u64, BlobError>;

    /// Where an upload stands. After a crash this is the truth: it may be ahead of what its session says.
    async fn offset(&self, upload: UploadId) -> Result<u64, BlobError>;

    /// Makes the upload a blob, if its bytes have the expected digest, and returns its size.
    ///
    /// When it returns, the blob is durable. Finishing bytes that are stored already is no error.
    ///
    /// # Errors
    /// [`BlobError::DigestMismatch`] if the bytes are others; the upload is gone then.
    async fn finish(&self, upload: UploadId, expected: &Digest) -> Result<u64, BlobError>;

    /// Gives an upload up. It is no error if there is none.
    async fn cancel(&self, upload: UploadId) -> Result<(), BlobError>;

    /// Uploads that nobody appended to since `before`; the caller decides which to cancel.
    async fn stale_uploads(&self, before: Timestamp) -> Result<Vec<StaleUpload>, BlobError>;

    /// Opens a blob for reading.
    async fn open(&self, digest: &Digest) -> Result<Option<Blob>, BlobError>;

    /// The size of a blob, if it is here.
    async fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobError>;

    /// The blobs that are here, in the order of their digests.
    ///
    /// Bytes that no repository has a link to are left when the process ends between finishing an upload and
    /// linking it. Whoever collects them makes sure that nobody is between the two.
    async fn blobs(&self, page: PageRequest<Digest>) -> Result<Page<Digest, Digest>, BlobError>;

    /// Deletes a blob. `false` if there was none.
    async fn delete(&self, digest: &Digest) -> Result<bool, BlobError>;
}
