//! The inventory of an image: its layers laid over each other.

use crate::{Distribution, LayerPath, Package, PackageKind, Presence, Skipped};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A package of an image, with where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledPackage {
    /// The package.
    pub package: Package,
    /// The database file that lists it.
    pub path: LayerPath,
    /// The layer that brought this version in, counted from 0 at the bottom.
    pub layer: usize,
    /// How that file knows of it.
    #[serde(default)]
    pub presence: Presence,
    /// The package of the distribution that put the file there, if one did.
    ///
    /// The distribution builds such a package itself and mends it under the same version, so its own advisories
    /// speak for it, and those of the language would raise a second, often wrong, finding.
    /// It is no owner if the file was written in a later layer than the owner's version was installed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<OwnedBy>,
}

/// Whose file a package was found in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OwnedBy {
    /// The package manager.
    pub kind: PackageKind,
    /// The package of the distribution.
    pub name: String,
}

/// Why an inventory may not be the whole truth about an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Obstacle {
    /// A distribution was recognised, but its package database is nowhere in the image.
    DatabaseMissing {
        /// Where it was expected.
        expected: Vec<String>,
    },
    /// A layer had a package database, and a later one deleted it.
    DatabaseDeleted {
        /// The path.
        path: LayerPath,
        /// The layer that deleted it, counted from 0.
        layer: usize,
    },
    /// Packages of a distribution without a file that says which distribution.
    DistributionUnknown,
    /// Neither a package database nor any other package was found.
    NoPackageSource,
    /// Something of a layer was not read, and packages may be missing because of it.
    Unread {
        /// The layer, counted from 0.
        layer: usize,
        /// What, and why.
        skipped: Skipped,
    },
    /// The release files and the package databases speak of different distributions.
    Contradiction {
        /// In words.
        detail: String,
    },
}

/// A sentence for people. Layers are counted from 1, as a reader counts the steps of a build.
impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DatabaseMissing { expected } => {
                write!(f, "No package database was found; it was expected at {}.", expected.join(" or "))
            }
            Self::DatabaseDeleted { path, layer } => {
                write!(f, "The package database {path} was deleted or emptied in layer {}.", layer + 1)
            }
            Self::DistributionUnknown => f.write_str(
                "There are packages of a distribution, but no release file says which distribution.",
            ),
            Self::NoPackageSource => {
                f.write_str("Neither a package database nor any other package was found.")
            }
            Self::Unread { layer, skipped } if skipped.path.as_str().is_empty() => {
                write!(f, "Layer {} was not read completely: {}.", layer + 1, skipped.why)
            }
            Self::Unread { layer, skipped } => {
                write!(f, "{} in layer {} was not read: {}.", skipped.path, layer + 1, skipped.why)
            }
            Self::Contradiction { detail } => write!(f, "The image contradicts itself: {detail}."),
        }
    }
}

/// What is in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageInventory {
    /// The distribution, where a release file names one.
    pub distribution: Option<Distribution>,
    /// The packages, sorted by path and name.
    pub packages: Vec<InstalledPackage>,
    /// Why this may not be the whole truth; empty for an inventory that can be trusted.
    pub obstacles: Vec<Obstacle>,
    /// Everything that was skipped, with its layer.
    pub skipped: Vec<(usize, Skipped)>,
    /// The repositories from which an image of Red Hat was built, by which its advisories tell products apart:
    /// `rhel-9-for-x86_64-baseos-rpms`. Sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_sets: Vec<String>,
}
