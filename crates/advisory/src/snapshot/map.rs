//! The bytes of a snapshot: a mapped file, or memory.

use super::SnapshotError;
use memmap2::Mmap;
use std::fs::File;
use std::ops::Deref;
use std::path::Path;

/// The bytes of a snapshot.
#[derive(Debug)]
pub(super) enum Bytes {
    /// A mapped file.
    Mapped(Mmap),
    /// Memory.
    Owned(Vec<u8>),
}

impl Bytes {
    /// Maps a file for reading.
    pub(super) fn map(path: &Path) -> Result<Self, SnapshotError> {
        let failed = |action| move |source| SnapshotError::File { action, path: path.to_owned(), source };
        let file = File::open(path).map_err(failed("open"))?;
        #[expect(unsafe_code, reason = "a map of a file is unsafe, because others may write to the file")]
        // SAFETY: the file must not change while it is mapped. `write_snapshot` writes a snapshot under a temporary
        // name, makes it read-only and renames it; nobody opens it for writing after that, and removing it leaves
        // the mapped pages alone. The folder of the snapshots belongs to the server's own user. Should somebody change
        // it nevertheless, every access is bounds-checked and texts are checked to be UTF-8 when they are read, so
        // that other bytes give other answers and no undefined behaviour of ours; a file that is cut short ends the
        // process with SIGBUS.
        let map = unsafe { Mmap::map(&file) }.map_err(failed("map"))?;
        Ok(Self::Mapped(map))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}
