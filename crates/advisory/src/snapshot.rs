//! The snapshot: all advisories in one immutable file, mapped into memory and looked up by ecosystem and name.
//!
//! The format is ours and documented in `docs/formats/snapshot.md`; `docs/decisions/0004-own-snapshot-format.md` says
//! why. Opening a snapshot checks the bounds of everything that is reached without further checks, and nothing that
//! grows with the texts; [`Snapshot::verify`] checks every byte against the checksum, and is done at import.
//!
//! A lookup copies nothing but what it returns. Every access is bounds-checked once more on its way, so that a file
//! which changes under the map can give wrong answers and never a panic.

mod amend;
mod compile;
mod currency;
mod diff;
mod entry;
mod intern;
mod layout;
mod map;
mod order;
mod record;
mod succession;
mod validate;
mod write;

pub use amend::amended;
pub use compile::{CompileError, Compiler};
pub use diff::changed_packages;
pub(crate) use entry::{Bound, Entry, Interval};
use entry::{Entries, package_row};
use inventory::Ecosystem;
use jiff::Timestamp;
use layout::{Header, Section, View};
use map::Bytes;
pub use record::VulnerabilityRecord;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, io};
pub use succession::{Doubt, SuccessionLimits, doubts};
pub use write::write_snapshot;

/// The content id of a snapshot: the SHA-256 of the file with its own field for it left empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnapshotVersion([u8; 32]);

/// A source that went into a snapshot, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotSource {
    /// Its name: a file, an address, whatever the importer calls it.
    pub name: String,
    /// Its feeds, with how many documents each had.
    pub feeds: Vec<(String, u64)>,
    /// The latest date of change of its records.
    pub newest: Option<Timestamp>,
    /// How many advisories were taken.
    pub advisories: u64,
    /// How many advisories were left out because they have been withdrawn.
    pub withdrawn: u64,
    /// How many enrichments were taken.
    pub enrichments: u64,
    /// How many records could not be read.
    pub skipped: u64,
    /// When it was read, or last said that it is what it was then; missing where nobody told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// The ecosystems of which it speaks, with how many statements about packages each.
    #[serde(default)]
    pub ecosystems: BTreeMap<String, u32>,
}

/// How much is in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotCounts {
    /// Advisories.
    pub advisories: usize,
    /// Packages, counted once for each ecosystem.
    pub packages: usize,
    /// What advisories say about packages.
    pub entries: usize,
    /// Vulnerabilities of which more is known than their advisories say.
    pub enrichments: usize,
    /// Bytes of the file.
    pub bytes: usize,
}

/// How much a snapshot has to say about an ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Advisories that speak of it.
    pub advisories: u32,
    /// Packages of which they speak.
    pub packages: u32,
}

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file cannot be opened, mapped or written.
    #[error("cannot {action} the snapshot {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not a snapshot.
    #[error("this is not a snapshot of advisories; make one with `lazaretto advisories import`")]
    NotASnapshot,
    /// It was written by a version of the program with another format.
    #[error(
        "the snapshot has format {found} and this program reads format {readable}; import the advisories again"
    )]
    OtherFormat {
        /// The format of the file.
        found: u32,
        /// The format of the program.
        readable: u32,
    },
    /// Its version keys are not those that this program makes, so that comparisons would be wrong.
    #[error("the snapshot was made with another order of versions; import the advisories again")]
    OtherOrder,
    /// Something in it points to where it must not.
    #[error("the snapshot is damaged: {what}; import the advisories again")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// Its bytes are not those that were written.
    #[error("the snapshot is damaged: its checksum does not hold; import the advisories again")]
    Checksum,
}

/// All advisories, compiled.
pub struct Snapshot {
    bytes: Bytes,
    header: Header,
    sources: Vec<SnapshotSource>,
}

impl Snapshot {
    /// Maps a snapshot and validates its structure. It does not read all of it, see [`Snapshot::verify`].
    ///
    /// # Errors
    ///
    /// If the file cannot be mapped, is no snapshot, is of another format, or is damaged.
    pub fn open(path: &Path) -> Result<Self, SnapshotError> {
        Self::validated(Bytes::map(path)?)
    }

    /// A snapshot in memory.
    ///
    /// # Errors
    ///
    /// If the bytes are no snapshot, are of another format, or are damaged.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SnapshotError> {
        Self::validated(Bytes::Owned(bytes))
    }

    fn validated(bytes: Bytes) -> Result<Self, SnapshotError> {
        let header = Header::read(&bytes)?;
        let view = View::new(&bytes, &header);
        validate::structure(&view)?;
        let sources = serde_json::from_slice(view.bytes(Section::Sources)).map_err(|error| {
            SnapshotError::Damaged { what: format!("its list of sources is unreadable ({error})") }
        })?;
        Ok(Self { bytes, header, sources })
    }

    /// Checks every byte against the checksum.
    ///
    /// # Errors
    ///
    /// If the checksum does not hold.
    pub fn verify(&self) -> Result<(), SnapshotError> {
        if layout::checksum(&self.bytes) == Some(self.header.checksum) {
            Ok(())
        } else {
            Err(SnapshotError::Checksum)
        }
    }

    /// The content id.
    pub fn version(&self) -> SnapshotVersion {
        SnapshotVersion(self.header.checksum)
    }

    /// When it was compiled, as the compiler was told.
    pub fn created_at(&self) -> Timestamp {
        self.header.created_at
    }

    /// The sources that it was compiled from.
    pub fn sources(&self) -> &[SnapshotSource] {
        &self.sources
    }

    /// The file's bytes: what is stored and sent as an artifact.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How much is in it.
    pub fn counts(&self) -> SnapshotCounts {
        let view = self.view();
        // Rows that an amendment left behind count for nothing.
        let advisories: u64 = self.sources.iter().map(|source| source.advisories).sum();
        SnapshotCounts {
            advisories: usize::try_from(advisories).unwrap_or(usize::MAX),
            packages: view.count(Section::Packages),
            entries: view.rows(Section::Packages).map(|row| row.u32(6) as usize).sum(),
            enrichments: view.count(Section::Vulnerabilities),
            bytes: self.bytes.len(),
        }
    }

    /// How much it has to say about an ecosystem; `None` if nothing at all, so that no package of the ecosystem can
    /// be called safe.
    pub fn coverage(&self, ecosystem: &Ecosystem) -> Option<Coverage> {
        // Of an image of several products the release itself is the last; nobody speaks for it if its advisories are missing.
        let release = ecosystem.products().pop()?;
        self.ecosystems().find(|(name, _)| *name == release.as_str()).map(|(_, coverage)| coverage)
    }

    /// All ecosystems that it has something to say about.
    pub fn ecosystems(&self) -> impl Iterator<Item = (&str, Coverage)> {
        let view = self.view();
        view.rows(Section::Ecosystems).map(move |row| {
            (view.text(row.reference(0)), Coverage { advisories: row.u32(2), packages: row.u32(3) })
        })
    }

    /// How many statements there are about a package, whatever they say. The name is taken as normalised, see
    /// [`crate::normalised_name`].
    pub fn statements(&self, ecosystem: &Ecosystem, name: &str) -> usize {
        ecosystem.products().iter().map(|product| self.entries(product, name).len()).sum()
    }

    /// Whether more is known of a vulnerability than its advisories say.
    pub fn is_enriched(&self, vulnerability: &str) -> bool {
        entry::enrichment(&self.view(), vulnerability).is_some()
    }

    /// What advisories say about a package. The name is taken as normalised, see [`crate::normalised_name`].
    pub(crate) fn entries(&self, ecosystem: &Ecosystem, name: &str) -> Entries<'_> {
        let view = self.view();
        Entries::of(view, package_row(&view, ecosystem.as_str(), name))
    }

    fn view(&self) -> View<'_> {
        View::new(&self.bytes, &self.header)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("version", &self.version()).field("counts", &self.counts()).finish()
    }
}

impl SnapshotVersion {
    /// The first twelve digits, which tell snapshots apart for people.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for SnapshotVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<SnapshotVersion> for String {
    fn from(version: SnapshotVersion) -> Self {
        version.to_string()
    }
}

impl TryFrom<String> for SnapshotVersion {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        const WRONG: &str = "a snapshot's version has 64 hexadecimal digits";
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(WRONG);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| WRONG)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| WRONG)?;
        }
        Ok(Self(bytes))
    }
}

/// The first sixteen bytes of a SHA-256: enough to tell two contents apart that nobody can choose freely.
fn fingerprint(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    short
}

#[cfg(test)]
mod tests;
