//! How far an upload is: what stands in the records, beside the bytes in the storage.

use crate::BlobError;
use oci::{Algorithm, Hasher};
use serde::{Deserialize, Serialize};
use std::io;

/// How far an upload is.
///
/// 1. `size` is the bytes of all parts and of the tail.
/// 2. `hash` is the state of SHA-256 over exactly these bytes.
/// 3. Parts are numbered from 1 on, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub size: u64,
    /// What the storage calls the parts, once there is one.
    pub parts: Option<String>,
    /// Numbers and marks of the parts.
    pub marks: Vec<(u32, String)>,
    /// What is too little for a part.
    pub tail: Option<Tail>,
    hash: Vec<u8>,
}

/// The last bytes of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tail {
    /// The end of its key, random, so that no two requests ever write the same object.
    pub name: String,
    pub size: u64,
}

impl Progress {
    /// Nothing yet.
    pub(super) fn begun() -> Self {
        let hash = Hasher::new(Algorithm::Sha256).save();
        Self { size: 0, parts: None, marks: Vec::new(), tail: None, hash }
    }

    /// The hash over the bytes so far.
    pub(super) fn hasher(&self) -> Result<Hasher, BlobError> {
        Hasher::restore(Algorithm::Sha256, &self.hash).ok_or_else(damaged)
    }

    /// Keeps the state of the hash.
    pub(super) fn keep_hash(&mut self, hasher: &Hasher) {
        self.hash = hasher.save();
    }

    /// The number of the next part.
    pub(super) fn next_part(&self) -> u32 {
        self.marks.last().map_or(1, |(number, _)| number + 1)
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, BlobError> {
        serde_json::to_vec(self).map_err(|error| BlobError::Storage {
            action: "write down how far an upload is",
            source: error.into(),
        })
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, BlobError> {
        serde_json::from_slice(bytes).map_err(|_| damaged())
    }
}

fn damaged() -> BlobError {
    let source = io::Error::new(io::ErrorKind::InvalidData, "the record is damaged; cancel the upload");
    BlobError::Storage { action: "find out how far an upload is", source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci::Digest;

    #[test]
    fn another_process_hashes_on() {
        let mut progress = Progress::begun();
        let mut hasher = progress.hasher().unwrap();
        hasher.update(b"half a ");
        progress.keep_hash(&hasher);
        let read = Progress::from_bytes(&progress.to_bytes().unwrap()).unwrap();
        assert_eq!(read, progress);
        let mut hasher = read.hasher().unwrap();
        hasher.update(b"sentence");
        assert_eq!(hasher.finish(), Digest::of_sha256(b"half a sentence"));
    }

    #[test]
    fn a_damaged_record_is_an_error() {
        assert!(Progress::from_bytes(b"{}").is_err());
        let mut progress = Progress::begun();
        progress.hash.pop();
        assert!(progress.hasher().is_err());
    }
}
