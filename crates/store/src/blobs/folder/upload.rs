//! One upload: a file that grows, and the hashes of what it holds.

use super::{remove, storage, sync_folder};
use crate::{BlobError, UploadId};
use bytes::Bytes;
use oci::{Algorithm, Digest, Hasher};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// An upload that this process has open.
///
/// 1. `hashed` is how many bytes of the file the hash has seen; it is the file's size, or less after a restart.
/// 2. `size` is the size of the file.
#[derive(Debug)]
pub(super) struct OpenUpload {
    upload: UploadId,
    path: PathBuf,
    file: File,
    size: u64,
    hash: Hasher,
    hashed: u64,
}

impl OpenUpload {
    /// A new, empty upload. Its random bits are its own, so that a file of that name is an error.
    pub(super) fn create(upload: UploadId, path: PathBuf) -> Result<Self, BlobError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(storage("begin an upload"))?;
        // The session is acknowledged next, and must find its file after a crash.
        path.parent().map_or(Ok(()), sync_folder)?;
        Ok(Self { upload, path, file, size: 0, hash: Hasher::new(Algorithm::Sha256), hashed: 0 })
    }

    /// An upload of an earlier process, where it ended. It is hashed when that is needed.
    pub(super) fn resume(upload: UploadId, path: PathBuf) -> Result<Self, BlobError> {
        let resume = storage("continue an upload");
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BlobError::UploadUnknown(upload));
            }
            Err(error) => return Err(resume(error)),
        };
        let size = file.metadata().map_err(resume)?.len();
        Ok(Self { upload, path, file, size, hash: Hasher::new(Algorithm::Sha256), hashed: 0 })
    }

    /// How many bytes there are.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Appends pieces. What could not be written whole is cut off again, so that the size stays true.
    pub(super) fn append(&mut self, pieces: &[Bytes]) -> Result<(), BlobError> {
        self.file.seek(SeekFrom::Start(self.size)).map_err(storage("write an upload"))?;
        for piece in pieces {
            if let Err(error) = self.file.write_all(piece) {
                // The first error is the one to tell; if this fails too, finishing finds the wrong digest.
                let _ = self.file.set_len(self.size);
                return Err(storage("write an upload")(error));
            }
            if self.hashed == self.size {
                self.hash.update(piece);
                self.hashed += piece.len() as u64;
            }
            self.size += piece.len() as u64;
        }
        Ok(())
    }

    /// Makes the upload the blob of a digest.
    pub(super) fn finish(&mut self, expected: &Digest, blob: &Path) -> Result<u64, BlobError> {
        // Another request may have finished or cancelled it while this one waited for its turn.
        if !fs::exists(&self.path).map_err(storage("look at an upload"))? {
            return Err(BlobError::UploadUnknown(self.upload));
        }
        let actual = self.digest(expected.algorithm())?;
        if actual != *expected {
            remove(&self.path)?;
            return Err(BlobError::DigestMismatch { expected: expected.clone(), actual });
        }
        // A write that failed half-way, and could not be cut off, left bytes that the hash has not seen.
        self.file.set_len(self.size).map_err(storage("cut an upload"))?;
        self.file.sync_all().map_err(storage("write a blob to disk"))?;
        // The same bytes may be there already: the rename puts equal bytes in place of equal bytes, and who reads
        // the old file keeps it.
        fs::rename(&self.path, blob).map_err(storage("give a blob its name"))?;
        blob.parent().map_or(Ok(()), sync_folder)?;
        Ok(self.size)
    }

    /// The digest of the file. The hash that was made on the way serves if it has the algorithm and saw all.
    fn digest(&mut self, algorithm: Algorithm) -> Result<Digest, BlobError> {
        if algorithm == Algorithm::Sha256 {
            if self.hashed < self.size {
                read_on(&mut self.file, self.hashed, &mut self.hash)?;
                self.hashed = self.size;
            }
            return Ok(self.hash.clone().finish());
        }
        let mut hash = Hasher::new(algorithm);
        read_on(&mut self.file, 0, &mut hash)?;
        Ok(hash.finish())
    }
}

fn read_on(file: &mut File, from: u64, hash: &mut Hasher) -> Result<(), BlobError> {
    let read = storage("read an upload back");
    file.seek(SeekFrom::Start(from)).map_err(&read)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => hash.update(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(read(error)),
        }
    }
}
