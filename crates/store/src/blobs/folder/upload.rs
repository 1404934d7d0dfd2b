//! One upload: a file that grows, and the hashes of what it holds.

use super::{remove, storage, sync_folder};
use crate::{BlobError, UploadId};
use bytes::Bytes;
use oci::{Algorithm, Digest, Hasher};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// An upload that this process knows.
///
/// 1. `hashed` is how many bytes of the file the hash has seen; it is `size`, or less after a restart.
/// 2. `size` is the size of the file.
///
/// The file is open only while bytes are written: a client may begin more uploads than a process may have files.
#[derive(Debug)]
pub(super) struct PendingUpload {
    upload: UploadId,
    path: PathBuf,
    size: u64,
    hash: Hasher,
    hashed: u64,
}

impl PendingUpload {
    /// A new, empty upload. Its random bits are its own, so that a file of that name is an error.
    pub(super) fn create(upload: UploadId, path: PathBuf) -> Result<Self, BlobError> {
        OpenOptions::new().write(true).create_new(true).open(&path).map_err(storage("begin an upload"))?;
        // The session is acknowledged next, and must find its file after a crash.
        path.parent().map_or(Ok(()), sync_folder)?;
        Ok(Self { upload, path, size: 0, hash: Hasher::new(Algorithm::Sha256), hashed: 0 })
    }

    /// An upload of an earlier process, where it ended. It is hashed when that is needed.
    pub(super) fn resume(upload: UploadId, path: PathBuf) -> Result<Self, BlobError> {
        let mut resumed = Self { upload, path, size: 0, hash: Hasher::new(Algorithm::Sha256), hashed: 0 };
        resumed.size = resumed.open()?.metadata().map_err(storage("continue an upload"))?.len();
        Ok(resumed)
    }

    fn open(&self) -> Result<File, BlobError> {
        match OpenOptions::new().read(true).write(true).open(&self.path) {
            Ok(file) => Ok(file),
            // Another request may have finished or cancelled it while this one waited for its turn.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(BlobError::UploadUnknown(self.upload))
            }
            Err(error) => Err(storage("continue an upload")(error)),
        }
    }

    /// How many bytes there are.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Appends pieces. What could not be written whole is cut off again, so that the size stays true.
    pub(super) fn append(&mut self, pieces: &[Bytes]) -> Result<(), BlobError> {
        let mut file = self.open()?;
        file.seek(SeekFrom::Start(self.size)).map_err(storage("write an upload"))?;
        for piece in pieces {
            if let Err(error) = file.write_all(piece) {
                // The first error is the one to tell; if this fails too, finishing cuts.
                let _ = file.set_len(self.size);
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
        let mut file = self.open()?;
        self.agree_with(&file)?;
        let actual = self.digest(&mut file, expected.algorithm())?;
        if actual != *expected {
            remove(&self.path)?;
            return Err(BlobError::DigestMismatch { expected: expected.clone(), actual });
        }
        file.sync_all().map_err(storage("write a blob to disk"))?;
        // The same bytes may be there already: the rename puts equal bytes in place of equal bytes, and who reads
        // the old file keeps it.
        fs::rename(&self.path, blob).map_err(storage("give a blob its name"))?;
        blob.parent().map_or(Ok(()), sync_folder)?;
        Ok(self.size)
    }

    /// Makes file and hash speak of the same bytes.
    fn agree_with(&mut self, file: &File) -> Result<(), BlobError> {
        let length = file.metadata().map_err(storage("look at an upload"))?.len();
        if length > self.size {
            // A write failed half-way and could not be cut off: the hash has not seen these bytes.
            file.set_len(self.size).map_err(storage("cut an upload"))?;
        } else if length < self.size {
            // Bytes were lost, by whatever hand. The hash of what is left decides.
            (self.size, self.hash, self.hashed) = (length, Hasher::new(Algorithm::Sha256), 0);
        }
        Ok(())
    }

    /// The digest of the file. The hash that was made on the way serves if it has the algorithm and saw all.
    fn digest(&mut self, file: &mut File, algorithm: Algorithm) -> Result<Digest, BlobError> {
        if algorithm == Algorithm::Sha256 {
            if self.hashed < self.size {
                read_on(file, self.hashed, &mut self.hash)?;
                self.hashed = self.size;
            }
            return Ok(self.hash.clone().finish());
        }
        let mut hash = Hasher::new(algorithm);
        read_on(file, 0, &mut hash)?;
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
