//! The inventory of one layer: what the jailed indexer says of it.
//!
//! It leaves the jail as JSON and is decoded under the server's bounds: whoever wrote it had read hostile bytes.

use crate::{Footprint, Package, PackageKind, ReleaseFile};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Borrow;
use std::fmt;

/// The version of the indexer's reading: it grows when the same layer would give another inventory.
pub const INDEXER_VERSION: u32 = 7;

/// A path inside a layer: no leading slash, no `.`, no `..`, no empty part.
///
/// Bytes that are not UTF-8 are written as `\xNN`, so that two different paths stay different.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct LayerPath(String);

/// A path that is not normalised is refused: what decodes it may have been written by an attacker.
impl<'de> Deserialize<'de> for LayerPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match Self::from_bytes(text.as_bytes()) {
            Some(path) if path.0 == text => Ok(path),
            Some(_) | None => Err(D::Error::custom(format_args!("{text:?} is not a normalised path"))),
        }
    }
}

impl LayerPath {
    /// Normalises a path of a tar entry. `None` if it climbs out of the root with `..`.
    pub fn from_bytes(raw: &[u8]) -> Option<Self> {
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in raw.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    parts.pop()?;
                }
                name => parts.push(name),
            }
        }
        let mut text = String::with_capacity(raw.len());
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                text.push('/');
            }
            for chunk in part.utf8_chunks() {
                text.push_str(chunk.valid());
                for byte in chunk.invalid() {
                    text.push_str(&format!("\\x{byte:02x}"));
                }
            }
        }
        Some(Self(text))
    }

    /// The path as text: `lib/apk/db/installed`. Empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this path is `folder` or lies below it.
    pub fn is_within(&self, folder: &Self) -> bool {
        folder.0.is_empty()
            || self.0 == folder.0
            || self.0.strip_prefix(&*folder.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// So that maps by path can be asked with text.
impl Borrow<str> for LayerPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LayerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a file knows of the packages that it lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// It was written by what installed them, or is a part of them.
    #[default]
    Installed,
    /// It is a lock file: it says what should be installed. Where the image shows what is, that counts instead.
    Locked,
}

impl Presence {
    /// Whether it is the usual one, which is not written.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
    fn is_installed(&self) -> bool {
        *self == Self::Installed
    }
}

/// The packages that one file of the layer lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageDatabase {
    /// The file.
    pub path: LayerPath,
    /// What kind of database it is.
    pub kind: PackageKind,
    /// How it knows of its packages.
    #[serde(default, skip_serializing_if = "Presence::is_installed")]
    pub presence: Presence,
    /// Its packages, in the order of the file.
    pub packages: Vec<Package>,
}

/// What the packages of a distribution own, as one file of the layer lists it.
///
/// Only paths at which packages of languages or programs are looked for are kept: a large image has 200 000 files,
/// and the question is only whose those few thousand are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// The file that says so: the package database itself, or a list of its own such as dpkg's.
    pub path: LayerPath,
    /// The package manager.
    pub kind: PackageKind,
    /// The packages.
    pub owners: Vec<Owner>,
}

/// A package of a distribution, with what it owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its name.
    pub package: String,
    /// The paths.
    pub paths: Vec<LayerPath>,
}

/// A whiteout: what this layer takes away from the layers below it.
///
/// See <https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// `.wh.NAME`: the path, and everything below it, is gone.
    Path(LayerPath),
    /// `.wh..wh..opq`: what lower layers put below the folder is gone; the folder itself stays.
    Opaque(LayerPath),
}

impl Removal {
    /// The path, or the folder.
    pub fn path(&self) -> &LayerPath {
        match self {
            Self::Path(path) | Self::Opaque(path) => path,
        }
    }
}

/// What a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    /// A symbolic link.
    Symbolic,
    /// A hard link.
    Hard,
    /// A hard link, anywhere, to a file that is not in the same layer: what a lower layer has there, it is too.
    Lower,
}

/// A link that stands where a package database or a release file is looked for, or on the way to one; or one of the kind
/// [`LinkKind::Lower`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The path of the link itself.
    pub path: LayerPath,
    /// Its target, as written.
    pub target: String,
    /// Symbolic or hard.
    pub kind: LinkKind,
}

/// Something other than a folder stands where lower layers may have had a folder or a watched file:
/// what they put at or below it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Displacement {
    /// The path.
    pub path: LayerPath,
}

/// Why something of a layer was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason", content = "detail")]
pub enum SkipReason {
    /// A limit was reached; the text names it with its value.
    Limit(String),
    /// The content is not what its place promises; the text says what is wrong.
    Malformed(String),
    /// A format that this version of the indexer does not read, such as an rpm database.
    Unsupported(String),
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(text) | Self::Malformed(text) | Self::Unsupported(text) => f.write_str(text),
        }
    }
}

/// Something that was there and was not read: it is counted, stored and shown, never forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Where.
    pub path: LayerPath,
    /// Why.
    #[serde(flatten)]
    pub why: SkipReason,
    /// Whether packages may be missing because of it, so that the image cannot be called healthy.
    pub conceals_packages: bool,
}

/// What the walk over the layer counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerStatistics {
    /// Bytes as stored, compressed.
    pub compressed_bytes: u64,
    /// Bytes of the tar stream.
    pub uncompressed_bytes: u64,
    /// Entries of the tar stream.
    pub entries: u64,
}

/// What is in one layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerInventory {
    /// The version of the indexer that made it, see [`INDEXER_VERSION`].
    pub indexer_version: u32,
    /// Package databases, in the order in which they last appeared in the layer.
    pub databases: Vec<PackageDatabase>,
    /// Which paths belong to packages of the distribution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ownership: Vec<Ownership>,
    /// Release files.
    pub release_files: Vec<ReleaseFile>,
    /// Whiteouts.
    pub removals: Vec<Removal>,
    /// Links on watched paths.
    pub links: Vec<Link>,
    /// Watched paths that hold something else than expected.
    pub displacements: Vec<Displacement>,
    /// Where there is something that is not a folder.
    #[serde(default, skip_serializing_if = "Footprint::is_empty")]
    pub footprint: Footprint,
    /// What was not read.
    pub skipped: Vec<Skipped>,
    /// What was counted.
    pub statistics: LayerStatistics,
}

impl LayerInventory {
    /// A layer of which nothing is known, in the place of one that could not be read.
    pub fn empty() -> Self {
        Self {
            indexer_version: INDEXER_VERSION,
            databases: Vec::new(),
            ownership: Vec::new(),
            release_files: Vec::new(),
            removals: Vec::new(),
            links: Vec::new(),
            displacements: Vec::new(),
            footprint: Footprint::default(),
            skipped: Vec::new(),
            statistics: LayerStatistics::default(),
        }
    }
}
