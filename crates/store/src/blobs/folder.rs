//! Blobs in a folder.
//!
//! ```text
//! blobs/sha256/ab/abcdef…   a blob, under its digest; never changed
//! uploads/0123…             an upload, under its random bits
//! ```
//!
//! A blob comes into being by one rename, after its bytes are on disk; then the folder is written to disk too.
//! So after a crash there is either the whole blob or an upload that can be continued.
//! Paths are made of a parsed digest or a parsed upload and of nothing else that a client says.
//!
//! All work on files happens on the runtime's threads for blocking work.

mod pieces;
mod upload;

pub(super) use pieces::pieces;

use super::{Blob, BlobError, Blobs, ByteStream, StaleUpload};
use crate::{Page, PageRequest, UploadId};
use async_trait::async_trait;
use futures_util::StreamExt;
use jiff::Timestamp;
use oci::{Algorithm, Digest};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;
use upload::PendingUpload;

/// How many pieces of a body are gathered before they are written, in bytes. Clients send pieces of 8 to 64 KiB;
/// one hop to another thread for each would cost more than the write.
const GATHER_BYTES: usize = 1 << 20;

/// Blobs in a folder.
#[derive(Debug)]
pub struct FolderBlobs {
    blobs: PathBuf,
    uploads: PathBuf,
    pending: Mutex<HashMap<UploadId, Arc<tokio::sync::Mutex<PendingUpload>>>>,
}

impl FolderBlobs {
    /// Opens a folder, creates it if there is none, and clears what a crash left behind. Blocks meanwhile.
    ///
    /// # Errors
    /// [`BlobError::Storage`] if the folder cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self, BlobError> {
        let (blobs, uploads) = (folder.join("blobs"), folder.join("uploads"));
        for path in [&blobs, &uploads] {
            fs::create_dir_all(path).map_err(storage("create its folders"))?;
        }
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            for first in 0..=u8::MAX {
                let path = blobs.join(algorithm.as_str()).join(format!("{first:02x}"));
                fs::create_dir_all(path).map_err(storage("create its folders"))?;
            }
            sync_folder(&blobs.join(algorithm.as_str()))?;
        }
        sync_folder(&blobs)?;
        sync_folder(folder)?;
        remove_strangers(&uploads)?;
        Ok(Self { blobs, uploads, pending: Mutex::new(HashMap::new()) })
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        // A digest has at least 64 digits.
        let first = hex.get(..2).unwrap_or(hex);
        self.blobs.join(digest.algorithm().as_str()).join(first).join(hex)
    }

    fn upload_path(&self, upload: UploadId) -> PathBuf {
        self.uploads.join(upload.to_string())
    }

    /// The upload, alone. An upload of an earlier process is continued where it ends.
    async fn exclusive(&self, upload: UploadId) -> Result<OwnedMutexGuard<PendingUpload>, BlobError> {
        let known = self.opened(upload);
        let open = match known {
            Some(open) => open,
            None => {
                let path = self.upload_path(upload);
                let resumed = blocking(move || PendingUpload::resume(upload, path)).await?;
                let mut all = self.lock();
                let resumed = Arc::new(tokio::sync::Mutex::new(resumed));
                Arc::clone(all.entry(upload).or_insert(resumed))
            }
        };
        open.try_lock_owned().map_err(|_| BlobError::UploadBusy(upload))
    }

    fn opened(&self, upload: UploadId) -> Option<Arc<tokio::sync::Mutex<PendingUpload>>> {
        self.lock().get(&upload).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UploadId, Arc<tokio::sync::Mutex<PendingUpload>>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Blobs for FolderBlobs {
    async fn begin(&self, upload: UploadId) -> Result<(), BlobError> {
        let path = self.upload_path(upload);
        let created = blocking(move || PendingUpload::create(upload, path)).await?;
        self.lock().insert(upload, Arc::new(tokio::sync::Mutex::new(created)));
        Ok(())
    }

    async fn append(
        &self,
        upload: UploadId,
        offset: u64,
        mut body: ByteStream<'_>,
        limit: u64,
    ) -> Result<u64, BlobError> {
        let mut open = self.exclusive(upload).await?;
        if open.size() != offset {
            return Err(BlobError::OffsetMismatch { actual: open.size(), requested: offset });
        }
        let mut broken = None;
        while broken.is_none() {
            let mut pieces = Vec::new();
            let mut gathered = 0;
            while gathered < GATHER_BYTES {
                match body.next().await {
                    Some(Ok(piece)) => {
                        gathered += piece.len();
                        pieces.push(piece);
                    }
                    Some(Err(error)) => {
                        broken = Some(error);
                        break;
                    }
                    None => break,
                }
            }
            if pieces.is_empty() {
                break;
            }
            let room = limit.saturating_sub(open.size());
            if gathered as u64 > room {
                return Err(BlobError::TooLarge { limit });
            }
            let written = blocking(move || {
                let result = open.append(&pieces);
                Ok((open, result))
            });
            let (returned, result) = written.await?;
            open = returned;
            result?;
        }
        match broken {
            None => Ok(open.size()),
            Some(source) => {
                let received = open.size().saturating_sub(offset);
                Err(BlobError::Body { received, offset: open.size(), source })
            }
        }
    }

    async fn offset(&self, upload: UploadId) -> Result<u64, BlobError> {
        let path = self.upload_path(upload);
        blocking(move || match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BlobError::UploadUnknown(upload)),
            Err(error) => Err(storage("look at an upload")(error)),
        })
        .await
    }

    async fn finish(&self, upload: UploadId, expected: &Digest) -> Result<u64, BlobError> {
        let mut open = self.exclusive(upload).await?;
        let (path, wanted) = (self.blob_path(expected), expected.clone());
        let result = blocking(move || open.finish(&wanted, &path)).await;
        if matches!(result, Ok(_) | Err(BlobError::DigestMismatch { .. })) {
            self.lock().remove(&upload);
        }
        result
    }

    async fn cancel(&self, upload: UploadId) -> Result<(), BlobError> {
        self.lock().remove(&upload);
        let path = self.upload_path(upload);
        blocking(move || remove(&path).map(|_| ())).await
    }

    async fn stale_uploads(&self, before: Timestamp) -> Result<Vec<StaleUpload>, BlobError> {
        let uploads = self.uploads.clone();
        blocking(move || stale_uploads(&uploads, before)).await
    }

    async fn open(&self, digest: &Digest) -> Result<Option<Blob>, BlobError> {
        let path = self.blob_path(digest);
        blocking(move || match File::open(path) {
            Ok(file) => {
                let size = file.metadata().map_err(storage("look at a blob"))?.len();
                Ok(Some(Blob::of_file(size, file)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(storage("open a blob")(error)),
        })
        .await
    }

    async fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        let path = self.blob_path(digest);
        blocking(move || match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(storage("look at a blob")(error)),
        })
        .await
    }

    async fn blobs(&self, page: PageRequest<Digest>) -> Result<Page<Digest, Digest>, BlobError> {
        let blobs = self.blobs.clone();
        blocking(move || list(&blobs, &page)).await
    }

    async fn delete(&self, digest: &Digest) -> Result<bool, BlobError> {
        let path = self.blob_path(digest);
        blocking(move || remove(&path)).await
    }
}

/// Goes through the folders in the order of digests, and reads one folder at a time.
fn list(blobs: &Path, page: &PageRequest<Digest>) -> Result<Page<Digest, Digest>, BlobError> {
    let limit = page.bounded_limit();
    let mut found = Vec::new();
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        for first in 0..=u8::MAX {
            let folder = format!("{first:02x}");
            let start = page.after.as_ref().map_or((Algorithm::Sha256, ""), |after| {
                (after.algorithm(), after.hex().get(..2).unwrap_or_default())
            });
            if (algorithm, folder.as_str()) < start || found.len() > limit {
                continue;
            }
            let mut digests = digests_in(&blobs.join(algorithm.as_str()).join(folder), algorithm)?;
            digests.retain(|digest| page.after.as_ref().is_none_or(|after| digest > after));
            digests.sort_unstable();
            found.extend(digests);
        }
    }
    Ok(Page::from_surplus(found, limit, Digest::clone))
}

fn digests_in(folder: &Path, algorithm: Algorithm) -> Result<Vec<Digest>, BlobError> {
    let list = storage("list its blobs");
    let mut digests = Vec::new();
    for entry in fs::read_dir(folder).map_err(&list)? {
        let name = entry.map_err(&list)?.file_name();
        let digest = name.to_str().and_then(|hex| format!("{algorithm}:{hex}").parse().ok());
        digests.extend(digest);
    }
    Ok(digests)
}

fn stale_uploads(uploads: &Path, before: Timestamp) -> Result<Vec<StaleUpload>, BlobError> {
    let list = storage("list its uploads");
    let mut stale = Vec::new();
    for entry in fs::read_dir(uploads).map_err(&list)? {
        let entry = entry.map_err(&list)?;
        let Some(upload) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // An upload may end while the folder is read.
        let Ok(metadata) = entry.metadata() else { continue };
        let modified = metadata.modified().map_err(&list)?;
        // A moment that a Timestamp cannot hold is wrong, and the oldest is the one that is collected.
        let touched_at = Timestamp::try_from(modified).unwrap_or(Timestamp::MIN);
        if touched_at < before {
            stale.push(StaleUpload { upload, size: metadata.len(), touched_at });
        }
    }
    stale.sort_unstable_by_key(|upload| upload.upload);
    Ok(stale)
}

/// Removes what is not an upload from the folder of uploads. Uploads stay: they can be continued.
fn remove_strangers(uploads: &Path) -> Result<(), BlobError> {
    let clear = storage("clear its uploads");
    for entry in fs::read_dir(uploads).map_err(&clear)? {
        let entry = entry.map_err(&clear)?;
        let is_upload = entry.file_name().to_str().is_some_and(|name| {
            name.len() == 32 && name.parse::<UploadId>().is_ok_and(|upload| upload.to_string() == name)
        });
        if !is_upload && entry.file_type().map_err(&clear)?.is_file() {
            fs::remove_file(entry.path()).map_err(&clear)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<bool, BlobError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(storage("remove a file")(error)),
    }
}

/// Makes the names in a folder durable.
fn sync_folder(path: &Path) -> Result<(), BlobError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(storage("write a folder to disk"))
}

fn storage(action: &'static str) -> impl Fn(io::Error) -> BlobError {
    move |source| BlobError::Storage { action, source }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(storage("finish its work")(io::Error::other("the thread that did it has stopped")))
    })
}

#[cfg(test)]
mod tests;
