//! Where what stands in a snapshot: header, sections, rows of fixed width. See `docs/formats/snapshot.md`.

use super::{SnapshotError, order};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// The first bytes of a snapshot.
pub(super) const MAGIC: &[u8; 8] = b"LZRTSNAP";

/// The format that is written and read.
pub(super) const FORMAT: u32 = 2;

/// Where the fields of the header stand.
pub(super) const ORDER_AT: usize = 32;
pub(super) const CHECKSUM_AT: usize = 64;
pub(super) const SECTIONS_AT: usize = 96;

/// The length of the header with the table of sections.
pub(super) const HEADER_BYTES: usize = SECTIONS_AT + SECTIONS.len() * 16;

/// A reference to nothing.
pub(super) const NOTHING: Reference = Reference { offset: u32::MAX, length: 0 };

/// A part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Texts,
    Keys,
    Documents,
    Packages,
    Entries,
    Ranges,
    Versions,
    Advisories,
    Identifiers,
    Vulnerabilities,
    Ecosystems,
    Sources,
}

/// The sections in the order of the table.
pub(super) const SECTIONS: [Section; 12] = [
    Section::Texts,
    Section::Keys,
    Section::Documents,
    Section::Packages,
    Section::Entries,
    Section::Ranges,
    Section::Versions,
    Section::Advisories,
    Section::Identifiers,
    Section::Vulnerabilities,
    Section::Ecosystems,
    Section::Sources,
];

impl Section {
    /// The bytes of one row; one for sections without rows.
    pub(super) const fn row_bytes(self) -> usize {
        match self {
            Self::Texts | Self::Keys | Self::Documents | Self::Sources => 1,
            Self::Packages => 48,
            Self::Entries | Self::Advisories => 32,
            Self::Ranges => 40,
            Self::Versions | Self::Ecosystems => 16,
            Self::Identifiers => 12,
            Self::Vulnerabilities => 24,
        }
    }
}

/// Where a text, a key or a document stands in its section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// The header, read.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) created_at: Timestamp,
    pub(super) checksum: [u8; 32],
    /// Begin and end of each section, within the file.
    sections: [(usize, usize); SECTIONS.len()],
}

impl Header {
    /// Reads the header and checks that the sections lie within the file.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let damaged = |what: &str| SnapshotError::Damaged { what: what.to_owned() };
        if bytes.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(SnapshotError::NotASnapshot);
        }
        let short = || damaged("it is cut off in its header");
        let found = u32::from_le_bytes(array(bytes, 8).ok_or_else(short)?);
        if found != FORMAT {
            return Err(SnapshotError::OtherFormat { found, readable: FORMAT });
        }
        let length = u64::from_le_bytes(array(bytes, 16).ok_or_else(short)?);
        if length != bytes.len() as u64 {
            return Err(damaged("its length is not the one it was written with"));
        }
        if array::<32>(bytes, ORDER_AT).ok_or_else(short)? != order::probe() {
            return Err(SnapshotError::OtherOrder);
        }
        let seconds = i64::from_le_bytes(array(bytes, 24).ok_or_else(short)?);
        let created_at = Timestamp::from_second(seconds).map_err(|_| damaged("its date is none"))?;
        let checksum = array(bytes, CHECKSUM_AT).ok_or_else(short)?;
        let mut sections = [(0, 0); SECTIONS.len()];
        for (index, (bounds, section)) in sections.iter_mut().zip(SECTIONS).enumerate() {
            *bounds = section_bounds(bytes, index, section)
                .ok_or_else(|| damaged(&format!("its section {section:?} lies outside of the file")))?;
        }
        Ok(Self { created_at, checksum, sections })
    }
}

fn section_bounds(bytes: &[u8], index: usize, section: Section) -> Option<(usize, usize)> {
    let at = SECTIONS_AT + index * 16;
    let start = usize::try_from(u64::from_le_bytes(array(bytes, at)?)).ok()?;
    let length = usize::try_from(u64::from_le_bytes(array(bytes, at + 8)?)).ok()?;
    let end = start.checked_add(length)?;
    (start >= HEADER_BYTES && end <= bytes.len() && length % section.row_bytes() == 0).then_some((start, end))
}

/// The checksum of a file: of all its bytes, with zeros for the checksum itself.
pub(super) fn checksum(bytes: &[u8]) -> Option<[u8; 32]> {
    let mut hash = Sha256::new();
    hash.update(bytes.get(..CHECKSUM_AT)?);
    hash.update([0; SECTIONS_AT - CHECKSUM_AT]);
    hash.update(bytes.get(SECTIONS_AT..)?);
    Some(hash.finalize().into())
}

/// Some bytes of the file as an array.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// The sections of a snapshot.
#[derive(Clone, Copy)]
pub(super) struct View<'s> {
    bytes: &'s [u8],
    sections: [(usize, usize); SECTIONS.len()],
}

impl<'s> View<'s> {
    pub(super) fn new(bytes: &'s [u8], header: &Header) -> Self {
        Self { bytes, sections: header.sections }
    }

    /// The bytes of a section.
    pub(super) fn bytes(&self, section: Section) -> &'s [u8] {
        let (start, end) = self.sections.get(section as usize).copied().unwrap_or_default();
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// How many rows a section has.
    pub(super) fn count(&self, section: Section) -> usize {
        self.bytes(section).len() / section.row_bytes()
    }

    /// One row of a section; an empty one if there are not so many.
    pub(super) fn row(&self, section: Section, index: usize) -> Row<'s> {
        let width = section.row_bytes();
        let row = index
            .checked_mul(width)
            .and_then(|start| self.bytes(section).get(start..start.checked_add(width)?));
        Row(row.unwrap_or_default())
    }

    /// All rows of a section.
    pub(super) fn rows(&self, section: Section) -> impl Iterator<Item = Row<'s>> + use<'s> {
        self.bytes(section).chunks_exact(section.row_bytes()).map(Row)
    }

    /// Some rows of a section.
    pub(super) fn some_rows(
        &self,
        section: Section,
        start: u32,
        count: u32,
    ) -> impl Iterator<Item = Row<'s>> + use<'s> {
        let view = *self;
        let indices =
            start as usize..(start as usize).saturating_add(count as usize).min(self.count(section));
        indices.map(move |index| view.row(section, index))
    }

    /// A text; empty for a reference to nothing.
    pub(super) fn text(&self, reference: Reference) -> &'s str {
        std::str::from_utf8(self.slice(Section::Texts, reference).unwrap_or_default()).unwrap_or_default()
    }

    /// What a reference points to.
    pub(super) fn slice(&self, section: Section, reference: Reference) -> Option<&'s [u8]> {
        if reference == NOTHING {
            return None;
        }
        let start = reference.offset as usize;
        self.bytes(section).get(start..start.checked_add(reference.length as usize)?)
    }
}

/// A row: numbers of four bytes, little-endian.
#[derive(Clone, Copy)]
pub(super) struct Row<'s>(&'s [u8]);

impl Row<'_> {
    /// One number.
    pub(super) fn u32(self, field: usize) -> u32 {
        array(self.0, field * 4).map_or(0, u32::from_le_bytes)
    }

    /// Two fields as one number.
    pub(super) fn u64(self, field: usize) -> u64 {
        array(self.0, field * 4).map_or(0, u64::from_le_bytes)
    }

    /// Two fields as a reference.
    pub(super) fn reference(self, field: usize) -> Reference {
        Reference { offset: self.u32(field), length: self.u32(field + 1) }
    }

    /// Four fields as a fingerprint.
    pub(super) fn fingerprint(self, field: usize) -> [u8; 16] {
        array(self.0, field * 4).unwrap_or_default()
    }
}

/// The hash by which packages and vulnerabilities are found: FNV-1a of 64 bits, with a zero byte between the parts.
///
/// Whoever chooses names that collide makes a lookup compare more names, and nothing else.
pub(super) fn hash(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}
