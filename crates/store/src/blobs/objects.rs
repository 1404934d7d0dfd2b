//! Blobs in an object storage.
//!
//! ```text
//! blobs/sha256/ab/abcdef…   a blob, under its digest; never changed
//! uploads/0123…/data        the parts of an upload, joined when it is finished
//! uploads/0123…/tail-4567…  the last bytes of an upload, too few for a part
//! ```
//!
//! An object storage cannot append. So an upload is parts of eight megabytes, a tail that is read back when the upload
//! goes on, and a [`Progress`](progress::Progress) in the records that says which of them count, with the state of the
//! hash over them. Any node can continue where another one stopped, and none needs to read the parts again.
//! A blob appears by one copy inside the storage, after the digest of its upload was found right.
//!
//! Moments are the system's: objects get theirs from the storage, and so the age of uploads could be told by no other
//! clock.

mod azure;
mod bucket;
mod occupancy;
mod progress;
mod s3;
mod transport;
mod upload;
mod xml;

pub use azure::{AzureAccess, AzureCredentials};
pub use occupancy::{Occupancy, OccupancyError, Occupant};
pub use s3::S3Access;

use super::{Blob, BlobError, Blobs, ByteStream, StaleUpload};
use crate::{Page, PageRequest, UploadId, UploadParts};
use async_trait::async_trait;
use bucket::{Bucket, BucketError};
use jiff::Timestamp;
use oci::{Algorithm, Digest};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the uploads are.
const UPLOADS: &str = "uploads/";

/// Blobs in a bucket of S3 or a container of Azure.
pub struct ObjectBlobs {
    bucket: Arc<dyn Bucket>,
    records: Arc<dyn UploadParts>,
    /// Where blobs lie for a moment when somebody needs them as a file.
    scratch: PathBuf,
    /// The uploads that a request of this process works on.
    busy: Mutex<HashSet<UploadId>>,
}

impl ObjectBlobs {
    /// Blobs in a bucket of S3, or of a storage that speaks like it.
    ///
    /// # Errors
    /// [`BlobError::Storage`] if the system cannot make TLS connections.
    pub fn s3(access: S3Access, records: Arc<dyn UploadParts>, scratch: PathBuf) -> Result<Self, BlobError> {
        let bucket = s3::S3::new(access).map_err(storage("be used"))?;
        Ok(Self::over(Arc::new(bucket), records, scratch))
    }

    /// Blobs in a container of Azure Blob Storage.
    ///
    /// # Errors
    /// [`BlobError::Storage`] if the system cannot make TLS connections.
    pub fn azure(
        access: AzureAccess,
        records: Arc<dyn UploadParts>,
        scratch: PathBuf,
    ) -> Result<Self, BlobError> {
        let bucket = azure::Azure::new(access).map_err(storage("be used"))?;
        Ok(Self::over(Arc::new(bucket), records, scratch))
    }

    fn over(bucket: Arc<dyn Bucket>, records: Arc<dyn UploadParts>, scratch: PathBuf) -> Self {
        Self { bucket, records, scratch, busy: Mutex::default() }
    }

    /// Asks the storage for something small, so that a wrong name or key is noticed when the server starts.
    ///
    /// # Errors
    /// [`BlobError::Storage`] with the storage's own words.
    pub async fn check(&self) -> Result<(), BlobError> {
        self.bucket.list("blobs/", None, 1).await.map_err(storage("list its blobs"))?;
        Ok(())
    }

    /// The upload for this request alone, or an error if another request has it.
    fn alone(&self, upload: UploadId) -> Result<Turn<'_>, BlobError> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.insert(upload) {
            Ok(Turn { blobs: self, upload })
        } else {
            Err(BlobError::UploadBusy(upload))
        }
    }
}

/// Somebody's turn at an upload.
struct Turn<'a> {
    blobs: &'a ObjectBlobs,
    upload: UploadId,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.blobs.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.upload);
    }
}

#[async_trait]
impl Blobs for ObjectBlobs {
    async fn begin(&self, upload: UploadId) -> Result<(), BlobError> {
        self.begin_upload(upload).await
    }

    async fn append(
        &self,
        upload: UploadId,
        offset: u64,
        body: ByteStream<'_>,
        limit: u64,
    ) -> Result<u64, BlobError> {
        let _turn = self.alone(upload)?;
        self.append_to(upload, offset, body, limit).await
    }

    async fn offset(&self, upload: UploadId) -> Result<u64, BlobError> {
        Ok(self.load(upload).await?.1.size)
    }

    async fn finish(&self, upload: UploadId, expected: &Digest) -> Result<u64, BlobError> {
        let _turn = self.alone(upload)?;
        self.finish_upload(upload, expected).await
    }

    async fn cancel(&self, upload: UploadId) -> Result<(), BlobError> {
        self.clear(upload).await
    }

    async fn stale_uploads(&self, before: Timestamp) -> Result<Vec<StaleUpload>, BlobError> {
        let mut known = BTreeMap::new();
        for upload in self.records.upload_parts_before(Timestamp::MAX).await.map_err(records)? {
            known.insert(upload.upload, upload);
        }
        // What a crash left has no record; the storage says how old it is.
        let mut strangers: BTreeMap<UploadId, StaleUpload> = BTreeMap::new();
        let mut notice = |key: &str, size: u64, at: Timestamp| {
            let Some(upload) = upload_of(key) else { return };
            if known.contains_key(&upload) {
                return;
            }
            let stale = strangers.entry(upload).or_insert(StaleUpload { upload, size: 0, touched_at: at });
            stale.size += size;
            stale.touched_at = stale.touched_at.max(at);
        };
        let mut after: Option<String> = None;
        loop {
            let page = self.bucket.list(UPLOADS, after.as_deref(), 1000).await;
            let page = page.map_err(storage("list its uploads"))?;
            for object in &page.objects {
                notice(&object.key, object.size, object.modified);
            }
            match page.objects.last() {
                Some(last) if page.has_more => after = Some(last.key.clone()),
                Some(_) | None => break,
            }
        }
        for begun in self.bucket.begun_parts(UPLOADS).await.map_err(storage("list its uploads"))? {
            notice(&begun.key, 0, begun.at);
        }
        let mut stale: Vec<StaleUpload> = known.into_values().chain(strangers.into_values()).collect();
        stale.retain(|upload| upload.touched_at < before);
        stale.sort_unstable_by_key(|upload| upload.upload);
        Ok(stale)
    }

    async fn open(&self, digest: &Digest) -> Result<Option<Blob>, BlobError> {
        let key = blob_key(digest);
        let size = self.bucket.size(&key).await.map_err(storage("look at a blob"))?;
        Ok(size.map(|size| {
            let object = Object { bucket: Arc::clone(&self.bucket), key, digest: digest.clone() };
            Blob::of_object(size, object, self.scratch.clone())
        }))
    }

    async fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        self.bucket.size(&blob_key(digest)).await.map_err(storage("look at a blob"))
    }

    async fn blobs(&self, page: PageRequest<Digest>) -> Result<Page<Digest, Digest>, BlobError> {
        let limit = page.bounded_limit();
        let mut after = page.after.as_ref().map(blob_key);
        loop {
            let listing = self.bucket.list("blobs/", after.as_deref(), limit).await;
            let listing = listing.map_err(storage("list its blobs"))?;
            let items: Vec<Digest> =
                listing.objects.iter().filter_map(|object| digest_of(&object.key)).collect();
            match listing.objects.last() {
                // A page of objects that are none of ours is no end.
                Some(last) if listing.has_more && items.is_empty() => after = Some(last.key.clone()),
                Some(_) | None => {
                    let next = items.last().filter(|_| listing.has_more).cloned();
                    return Ok(Page { items, next });
                }
            }
        }
    }

    async fn delete(&self, digest: &Digest) -> Result<bool, BlobError> {
        let key = blob_key(digest);
        let was_there = self.bucket.size(&key).await.map_err(storage("look at a blob"))?.is_some();
        if was_there {
            self.bucket.delete(&key).await.map_err(storage("remove a blob"))?;
        }
        Ok(was_there)
    }
}

/// A blob in a storage, for whoever reads it.
pub(super) struct Object {
    bucket: Arc<dyn Bucket>,
    key: String,
    pub(super) digest: Digest,
}

impl Object {
    /// A range that is not empty.
    pub(super) async fn range(&self, range: std::ops::Range<u64>) -> io::Result<ByteStream<'static>> {
        Ok(self.bucket.get(&self.key, range).await?)
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Object").field("key", &self.key).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ObjectBlobs {
    /// Leaves the storage out, which holds credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectBlobs").finish_non_exhaustive()
    }
}

fn blob_key(digest: &Digest) -> String {
    let hex = digest.hex();
    // A digest has at least 64 digits.
    format!("blobs/{}/{}/{hex}", digest.algorithm(), hex.get(..2).unwrap_or(hex))
}

fn digest_of(key: &str) -> Option<Digest> {
    let mut words = key.strip_prefix("blobs/")?.split('/');
    let (algorithm, _, hex) = (words.next()?, words.next()?, words.next()?);
    Algorithm::from_name(algorithm)?;
    format!("{algorithm}:{hex}").parse().ok()
}

fn upload_of(key: &str) -> Option<UploadId> {
    key.strip_prefix(UPLOADS)?.split('/').next()?.parse().ok()
}

fn storage(action: &'static str) -> impl Fn(BucketError) -> BlobError {
    move |error| BlobError::Storage { action, source: error.into() }
}

fn records(error: crate::Error) -> BlobError {
    BlobError::Storage { action: "keep or find the state of an upload", source: io::Error::other(error) }
}
