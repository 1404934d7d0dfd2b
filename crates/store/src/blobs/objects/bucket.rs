//! What we need of an object storage, and no more.
//!
//! Keys are made here, of digests, upload ids and numbers: letters, digits, `-`, `_`, `.` and `/`.
//! Every storage must show what was written to whoever asks afterwards, as S3 and Azure promise.

use crate::ByteStream;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use std::io;
use std::ops::Range;

/// Why a storage did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum BucketError {
    /// It answered with an error. The text is the storage's own, shortened, and holds no credentials.
    #[error("the object storage answered {status} {code}: {message}")]
    Refused {
        /// The status of the answer.
        status: u16,
        /// Its code, `NoSuchBucket` for example.
        code: String,
        /// What it says.
        message: String,
    },
    /// It could not be reached, or the connection broke.
    #[error("the object storage could not be reached")]
    Unreachable(#[source] io::Error),
    /// Its answer could not be understood.
    #[error("the object storage gave an answer that makes no sense: {0}")]
    Answer(&'static str),
    /// A copy was begun and did not end.
    #[error("the object storage did not finish a copy: {0}")]
    Copy(String),
}

impl BucketError {
    /// Whether the object, or the parts, are not there.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

impl From<BucketError> for io::Error {
    fn from(error: BucketError) -> Self {
        Self::other(error)
    }
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub key: String,
    pub size: u64,
    pub modified: Timestamp,
}

/// Parts that were begun and not yet joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Begun {
    pub key: String,
    /// What the storage calls them.
    pub parts: String,
    pub at: Timestamp,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    pub objects: Vec<Listed>,
    /// Whether there are more behind the last one.
    pub has_more: bool,
}

/// One container of an object storage, or a folder in it.
#[async_trait]
pub(super) trait Bucket: Send + Sync {
    /// Writes a whole object. It appears at once or not at all.
    async fn put(&self, key: &str, content: Bytes) -> Result<(), BucketError>;

    /// The size of an object, if there is one.
    async fn size(&self, key: &str) -> Result<Option<u64>, BucketError>;

    /// A range of an object that is not empty.
    async fn get(&self, key: &str, range: Range<u64>) -> Result<ByteStream<'static>, BucketError>;

    /// Deletes an object. It is no error if there is none.
    async fn delete(&self, key: &str) -> Result<(), BucketError>;

    /// Objects whose key begins with a prefix, in the order of their keys, behind `after`.
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, BucketError>;

    /// Begins an object that comes in parts, and returns what the storage calls them.
    async fn begin_parts(&self, key: &str) -> Result<String, BucketError>;

    /// Writes one part and returns its mark. Numbers begin at 1; all parts but the last have at least 5 MiB.
    async fn put_part(
        &self,
        key: &str,
        parts: &str,
        number: u32,
        content: Bytes,
    ) -> Result<String, BucketError>;

    /// Joins the parts with these numbers and marks. The object appears at once or not at all.
    async fn join_parts(&self, key: &str, parts: &str, marks: &[(u32, String)]) -> Result<(), BucketError>;

    /// Gives parts up. It is no error if there are none.
    async fn drop_parts(&self, key: &str, parts: &str) -> Result<(), BucketError>;

    /// Parts of objects with this prefix that were begun and not yet joined.
    async fn begun_parts(&self, prefix: &str) -> Result<Vec<Begun>, BucketError>;

    /// Copies an object of this size inside the storage. The copy appears at once or not at all.
    async fn copy(&self, from: &str, to: &str, size: u64) -> Result<(), BucketError>;
}
