//! An upload as parts and a tail: begun, continued, finished, cleared away.
//!
//! Who writes last wins: a request that was overtaken by one on another node finds another version in the records,
//! and gives up with [`BlobError::UploadBusy`]. Nothing that it wrote counts then.

use super::progress::{Progress, Tail};
use super::{ObjectBlobs, UPLOADS, blob_key, records, storage};
use crate::{BlobError, ByteStream, StoredParts, UploadId};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use jiff::Timestamp;
use oci::{Algorithm, Digest, Hasher};
use std::io;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// How large a part is: S3 allows 10 000 parts of 5 MiB and more, so that these reach to 78 GiB.
const PART: usize = 8 << 20;
/// After so many parts in one body it is written down how far it is.
const PARTS_PER_RECORD: usize = 16;

/// A part on its way to the storage. When its request is given up, so is the part: it must not arrive later than the
/// one with the same number of whoever goes on.
struct Sending(JoinHandle<Result<String, BlobError>>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A body that is being received.
struct Receiving<'a> {
    blobs: &'a ObjectBlobs,
    upload: UploadId,
    version: u64,
    progress: Progress,
    hasher: Hasher,
    /// What is not in a part yet, the old tail among it.
    rest: BytesMut,
    /// How many bytes at the beginning of the rest were hashed before.
    hashed: usize,
    sending: Option<Sending>,
    /// The tail that there was at the beginning.
    old_tail: Option<Tail>,
}

impl ObjectBlobs {
    pub(super) async fn begin_upload(&self, upload: UploadId) -> Result<(), BlobError> {
        if self.save(upload, None, &Progress::begun()).await? {
            return Ok(());
        }
        let source = io::Error::from(io::ErrorKind::AlreadyExists);
        Err(BlobError::Storage { action: "begin an upload", source })
    }

    /// How far an upload is, and the version of that record.
    pub(super) async fn load(&self, upload: UploadId) -> Result<(u64, Progress), BlobError> {
        let stored = self.records.upload_parts(upload).await.map_err(records)?;
        let stored = stored.ok_or(BlobError::UploadUnknown(upload))?;
        Ok((stored.version, Progress::from_bytes(&stored.document)?))
    }

    /// Writes down how far an upload is. `false` if somebody else did since that version.
    async fn save(
        &self,
        upload: UploadId,
        version: Option<u64>,
        progress: &Progress,
    ) -> Result<bool, BlobError> {
        let stored = StoredParts {
            version: version.map_or(1, |version| version + 1),
            size: progress.size,
            document: progress.to_bytes()?,
            touched_at: Timestamp::now(),
        };
        self.records.put_upload_parts(upload, version, stored).await.map_err(records)
    }

    pub(super) async fn append_to(
        &self,
        upload: UploadId,
        offset: u64,
        mut body: ByteStream<'_>,
        limit: u64,
    ) -> Result<u64, BlobError> {
        let (version, progress) = self.load(upload).await?;
        if progress.size != offset {
            return Err(BlobError::OffsetMismatch { actual: progress.size, requested: offset });
        }
        let mut receiving = self.receiving(upload, version, progress).await?;
        let mut received = offset;
        let mut end = Ok(());
        while let Some(piece) = body.next().await {
            let piece = match piece {
                Ok(piece) => piece,
                Err(source) => {
                    end = Err(BlobError::Body { received: received - offset, offset: received, source });
                    break;
                }
            };
            if piece.len() as u64 > limit.saturating_sub(received) {
                end = Err(BlobError::TooLarge { limit });
                break;
            }
            received += piece.len() as u64;
            receiving.take(&piece).await?;
        }
        // What did arrive is kept, whatever the end was.
        receiving.close().await?;
        end.map(|()| received)
    }

    async fn receiving(
        &self,
        upload: UploadId,
        version: u64,
        progress: Progress,
    ) -> Result<Receiving<'_>, BlobError> {
        let rest = BytesMut::from(&self.tail(upload, &progress).await?[..]);
        let (hasher, hashed, old_tail) = (progress.hasher()?, rest.len(), progress.tail.clone());
        let sending = None;
        Ok(Receiving { blobs: self, upload, version, progress, hasher, rest, hashed, sending, old_tail })
    }

    /// The bytes of the tail.
    async fn tail(&self, upload: UploadId, progress: &Progress) -> Result<Bytes, BlobError> {
        let Some(tail) = &progress.tail else { return Ok(Bytes::new()) };
        let read = storage("read an upload back");
        let mut pieces = self.bucket.get(&tail_key(upload, tail), 0..tail.size).await.map_err(read)?;
        let mut whole = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            let piece =
                piece.map_err(|source| BlobError::Storage { action: "read an upload back", source })?;
            whole.extend_from_slice(&piece);
        }
        if whole.len() as u64 == tail.size {
            return Ok(whole.freeze());
        }
        let source = io::Error::from(io::ErrorKind::UnexpectedEof);
        Err(BlobError::Storage { action: "read an upload back", source })
    }

    pub(super) async fn finish_upload(&self, upload: UploadId, expected: &Digest) -> Result<u64, BlobError> {
        let (_, progress) = self.load(upload).await?;
        if expected.algorithm() == Algorithm::Sha256 {
            self.check_digest(upload, expected, progress.hasher()?.finish()).await?;
        }
        let write = storage("give a blob its name");
        let key = blob_key(expected);
        if progress.size == 0 {
            self.check_digest(upload, expected, Digest::of(expected.algorithm(), b"")).await?;
            self.bucket.put(&key, Bytes::new()).await.map_err(&write)?;
        } else {
            let source = self.whole(upload, &progress).await?;
            if expected.algorithm() != Algorithm::Sha256 {
                let actual = self.read_digest(&source, progress.size, expected.algorithm()).await?;
                self.check_digest(upload, expected, actual).await?;
            }
            self.bucket.copy(&source, &key, progress.size).await.map_err(&write)?;
        }
        self.clear(upload).await?;
        Ok(progress.size)
    }

    async fn check_digest(
        &self,
        upload: UploadId,
        expected: &Digest,
        actual: Digest,
    ) -> Result<(), BlobError> {
        if actual == *expected {
            return Ok(());
        }
        self.clear(upload).await?;
        Err(BlobError::DigestMismatch { expected: expected.clone(), actual })
    }

    /// The upload as one object, and its key.
    async fn whole(&self, upload: UploadId, progress: &Progress) -> Result<String, BlobError> {
        let join = storage("join the parts of an upload");
        let (Some(parts), Some(tail)) = (&progress.parts, &progress.tail) else {
            return match (&progress.parts, &progress.tail) {
                (None, Some(tail)) => Ok(tail_key(upload, tail)),
                _ => self.joined(upload, progress, progress.marks.clone()).await,
            };
        };
        let bytes = self.tail(upload, progress).await?;
        let (key, number) = (data_key(upload), progress.next_part());
        let mark = self.bucket.put_part(&key, parts, number, bytes).await;
        let mut marks = progress.marks.clone();
        match mark {
            Ok(mark) => marks.push((number, mark)),
            // An earlier try may have joined them already, and was cut off before it copied.
            Err(error) if error.is_absent() => {}
            Err(error) => return Err(join(error)),
        }
        debug_assert!(tail.size > 0, "an empty tail is no tail");
        self.joined(upload, progress, marks).await
    }

    async fn joined(
        &self,
        upload: UploadId,
        progress: &Progress,
        marks: Vec<(u32, String)>,
    ) -> Result<String, BlobError> {
        let join = storage("join the parts of an upload");
        let key = data_key(upload);
        let parts = progress.parts.clone().unwrap_or_default();
        let joined = self.bucket.join_parts(&key, &parts, &marks).await;
        let size = match joined {
            Ok(()) => self.bucket.size(&key).await.map_err(&join)?,
            Err(error) => match self.bucket.size(&key).await.map_err(&join)? {
                Some(size) => Some(size),
                None => return Err(join(error)),
            },
        };
        if size == Some(progress.size) {
            return Ok(key);
        }
        let source = io::Error::new(io::ErrorKind::InvalidData, "the storage has another number of bytes");
        Err(BlobError::Storage { action: "join the parts of an upload", source })
    }

    async fn read_digest(&self, key: &str, size: u64, algorithm: Algorithm) -> Result<Digest, BlobError> {
        let mut pieces = self.bucket.get(key, 0..size).await.map_err(storage("read an upload back"))?;
        let mut hasher = Hasher::new(algorithm);
        while let Some(piece) = pieces.next().await {
            let piece =
                piece.map_err(|source| BlobError::Storage { action: "read an upload back", source })?;
            hasher.update(&piece);
        }
        Ok(hasher.finish())
    }

    /// Takes away everything of an upload. The record goes last: until then somebody knows what is left.
    pub(super) async fn clear(&self, upload: UploadId) -> Result<(), BlobError> {
        let remove = storage("remove an upload");
        let known = match self.load(upload).await {
            Ok((_, progress)) => Some(progress),
            Err(BlobError::UploadUnknown(_)) => None,
            Err(error) => return Err(error),
        };
        let folder = format!("{UPLOADS}{upload}/");
        match known {
            // The usual end of a small upload: there is nothing but its tail.
            Some(Progress { parts: None, tail, .. }) => {
                if let Some(tail) = tail {
                    self.bucket.delete(&tail_key(upload, &tail)).await.map_err(&remove)?;
                }
            }
            Some(_) | None => {
                let begun = self.bucket.begun_parts(&folder).await.map_err(&remove)?;
                let known = known.and_then(|progress| progress.parts).map(|parts| (data_key(upload), parts));
                let begun = begun.into_iter().map(|begun| (begun.key, begun.parts)).chain(known);
                for (key, parts) in begun {
                    self.bucket.drop_parts(&key, &parts).await.map_err(&remove)?;
                }
                let left = self.bucket.list(&folder, None, 1000).await.map_err(&remove)?;
                for object in left.objects {
                    self.bucket.delete(&object.key).await.map_err(&remove)?;
                }
            }
        }
        self.records.remove_upload_parts(upload).await.map_err(records)?;
        Ok(())
    }
}

impl Receiving<'_> {
    async fn take(&mut self, piece: &[u8]) -> Result<(), BlobError> {
        self.rest.extend_from_slice(piece);
        while self.rest.len() >= PART {
            let part = self.rest.split_to(PART).freeze();
            self.hash(part.clone()).await?;
            self.hashed = 0;
            self.send(part).await?;
            if self.progress.marks.len().is_multiple_of(PARTS_PER_RECORD) && !self.progress.marks.is_empty() {
                self.arrived().await?;
                self.progress.keep_hash(&self.hasher);
                self.record().await?;
            }
        }
        Ok(())
    }

    /// Hashes what was not hashed before, on a thread where that disturbs nobody.
    async fn hash(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        let mut hasher = self.hasher.clone();
        let seen = self.hashed;
        let hashing = tokio::task::spawn_blocking(move || {
            hasher.update(bytes.get(seen..).unwrap_or_default());
            hasher
        });
        self.hasher = hashing.await.map_err(|error| BlobError::Storage {
            action: "hash an upload",
            source: io::Error::other(error),
        })?;
        Ok(())
    }

    /// Sends a part while the next one is received; one is on its way at a time.
    async fn send(&mut self, part: Bytes) -> Result<(), BlobError> {
        self.arrived().await?;
        let write = storage("write an upload");
        let key = data_key(self.upload);
        let parts = match &self.progress.parts {
            Some(parts) => parts.clone(),
            None => self.blobs.bucket.begin_parts(&key).await.map_err(write)?,
        };
        self.progress.parts = Some(parts.clone());
        let (bucket, number) = (Arc::clone(&self.blobs.bucket), self.progress.next_part());
        self.progress.tail = None;
        self.sending = Some(Sending(tokio::spawn(async move {
            bucket.put_part(&key, &parts, number, part).await.map_err(storage("write an upload"))
        })));
        Ok(())
    }

    /// The bytes of all parts: each has the same size.
    fn parts_size(&self) -> u64 {
        self.progress.marks.len() as u64 * PART as u64
    }

    /// Waits for the part that is on its way.
    async fn arrived(&mut self) -> Result<(), BlobError> {
        let Some(mut sending) = self.sending.take() else { return Ok(()) };
        let mark = (&mut sending.0).await.map_err(|error| BlobError::Storage {
            action: "write an upload",
            source: io::Error::other(error),
        })??;
        let number = self.progress.next_part();
        self.progress.marks.push((number, mark));
        self.progress.size = self.parts_size();
        Ok(())
    }

    /// Keeps the rest as a tail, and writes down how far it is.
    async fn close(mut self) -> Result<(), BlobError> {
        self.arrived().await?;
        let rest = std::mem::take(&mut self.rest).freeze();
        self.hash(rest.clone()).await?;
        let is_new = self.hashed < rest.len();
        if is_new {
            let tail = Tail { name: random_name()?, size: rest.len() as u64 };
            let key = tail_key(self.upload, &tail);
            self.blobs.bucket.put(&key, rest.clone()).await.map_err(storage("write an upload"))?;
            self.progress.tail = Some(tail);
        } else if rest.is_empty() {
            self.progress.tail = None;
        }
        self.progress.size = self.parts_size() + rest.len() as u64;
        self.progress.keep_hash(&self.hasher);
        self.record().await?;
        // The old tail is in a part or in the new one.
        let current = self.progress.tail.as_ref();
        if let Some(old) = self.old_tail.filter(|old| Some(old) != current) {
            let key = tail_key(self.upload, &old);
            self.blobs.bucket.delete(&key).await.map_err(storage("remove an upload"))?;
        }
        Ok(())
    }

    async fn record(&mut self) -> Result<(), BlobError> {
        if !self.blobs.save(self.upload, Some(self.version), &self.progress).await? {
            return Err(BlobError::UploadBusy(self.upload));
        }
        self.version += 1;
        Ok(())
    }
}

fn data_key(upload: UploadId) -> String {
    format!("{UPLOADS}{upload}/data")
}

fn tail_key(upload: UploadId, tail: &Tail) -> String {
    format!("{UPLOADS}{upload}/tail-{}", tail.name)
}

fn random_name() -> Result<String, BlobError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| BlobError::Storage {
        action: "draw random bytes",
        source: io::Error::other(error),
    })?;
    Ok(format!("{:032x}", u128::from_le_bytes(random)))
}
