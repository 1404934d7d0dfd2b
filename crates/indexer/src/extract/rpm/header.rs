//! The header of an installed rpm package: an index of tags over a store of values.
//!
//! <https://rpm-software-management.github.io/rpm/manual/format_header.html>. In the database it stands without the
//! magic number that it has in a package file.

/// What we ask a header for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) name: &'a [u8],
    pub(super) version: &'a [u8],
    pub(super) release: &'a [u8],
    pub(super) epoch: Option<u32>,
    pub(super) architecture: &'a [u8],
    pub(super) source: &'a [u8],
    pub(super) module: &'a [u8],
    pub(super) files: Files<'a>,
}

/// The files of a package: each has a name, and the number of its folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Files<'a> {
    names: &'a [u8],
    folders: &'a [u8],
    numbers: &'a [u8],
    count: usize,
}

impl<'a> Files<'a> {
    /// Folder and name of each file. A list that ends early ends the files.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let folders: Vec<&[u8]> = self.folders.split(|byte| *byte == 0).take(FOLDERS).collect();
        let (names, numbers) = (self.names.split(|byte| *byte == 0), self.numbers.chunks_exact(4));
        names.zip(numbers).take(self.count).filter_map(move |(name, place)| {
            Some((*folders.get(usize::try_from(number(place, 0)?).ok()?)?, name))
        })
    }
}

const INDEX_ENTRY: usize = 16;
const STRING: u32 = 6;
const INT32: u32 = 4;
const STRINGS: u32 = 8;
/// Folders of one package that are kept; kernel sources have 5000.
const FOLDERS: usize = 100_000;

impl<'a> Header<'a> {
    /// Reads a header; none if it claims more than is there.
    pub(super) fn parse(blob: &'a [u8]) -> Option<Self> {
        let entries = usize::try_from(number(blob, 0)?).ok()?;
        let size = usize::try_from(number(blob, 4)?).ok()?;
        let (index, rest) = blob.get(8..)?.split_at_checked(entries.checked_mul(INDEX_ENTRY)?)?;
        let store = rest.get(..size)?;
        let mut header = Self::default();
        for entry in index.chunks_exact(INDEX_ENTRY) {
            let (tag, kind) = (number(entry, 0)?, number(entry, 4)?);
            let Some(value) = usize::try_from(number(entry, 8)?).ok().and_then(|at| store.get(at..)) else {
                continue;
            };
            match (tag, kind) {
                (1000, STRING) => header.name = text(value),
                (1001, STRING) => header.version = text(value),
                (1002, STRING) => header.release = text(value),
                (1003, INT32) => header.epoch = number(value, 0),
                (1022, STRING) => header.architecture = text(value),
                (1044, STRING) => header.source = text(value),
                (5096, STRING) => header.module = text(value),
                (1116, INT32) => header.files.numbers = value,
                (1117, STRINGS) => {
                    header.files.names = value;
                    header.files.count = usize::try_from(number(entry, 12)?).ok()?;
                }
                (1118, STRINGS) => header.files.folders = value,
                _ => {}
            }
        }
        Some(header)
    }
}

/// A string ends at its NUL; no string that we ask for is longer than this.
fn text(value: &[u8]) -> &[u8] {
    let value = value.get(..4096).unwrap_or(value);
    value.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn number(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|field| u32::from_be_bytes(*field))
}
