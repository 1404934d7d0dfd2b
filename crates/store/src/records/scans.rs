//! What was found inside: the inventories of layers, and the packages of images.
//!
//! A layer is read once in its life per version of the indexer, for all images and registries that share it.
//! A package version is kept once, however many images have it; an image is a list of package versions with the
//! place of each.

use crate::{Error, Lineage, PackageVersionId};
use async_trait::async_trait;
use inventory::{Ecosystem, PackageKind, SourcePackage};
use jiff::Timestamp;
use oci::Digest;
use serde_json::Value;

/// What became of the reading of a layer.
#[derive(Debug, Clone, PartialEq)]
pub enum LayerOutcome {
    /// It was read; this is its inventory, as JSON.
    Indexed(Value),
    /// It cannot be read, and reading it again with the same indexer would not help; this sentence says why.
    Unreadable(String),
}

/// The reading of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerRecord {
    /// The layer.
    pub digest: Digest,
    /// The version of the indexer that read it.
    pub indexer_version: u32,
    /// What came of it.
    pub outcome: LayerOutcome,
    /// How well the reader was locked in, as JSON.
    pub isolation: Value,
    /// When.
    pub at: Timestamp,
}

/// The package of a distribution that installed a package of a language: `python3-requests` of `requests`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageOwner {
    /// Where the advisories of the distribution are looked up.
    pub ecosystem: Ecosystem,
    /// The name of the package.
    pub name: String,
}

/// What tells package versions apart. The architecture does not: advisories do not speak of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageVersion {
    /// Where its advisories are looked up; none if nobody knows.
    pub ecosystem: Option<Ecosystem>,
    /// Which package manager knows it.
    pub kind: PackageKind,
    /// Its name.
    pub name: String,
    /// Its version, verbatim.
    pub version: String,
    /// What it was built from.
    pub source: Option<SourcePackage>,
    /// The module stream that it belongs to: the same name has other fixed versions in other streams.
    pub module: Option<String>,
    /// Who installed it, where that is another package: other advisories then speak for it.
    pub owner: Option<PackageOwner>,
    /// The machine that it is for, where advisories may be about some machines alone.
    pub architecture: Option<String>,
}

/// A package version in an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackagePlace {
    /// Which.
    pub package: PackageVersion,
    /// The layer that brought it in.
    pub layer: Digest,
    /// The file that lists it.
    pub path: String,
}

/// The packages of an image, to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageRecord {
    /// The manifest.
    pub digest: Digest,
    /// The distribution, as JSON; null if none was recognised.
    pub distribution: Value,
    /// Operating system and architecture, such as `linux/amd64`.
    pub platform: Option<String>,
    /// Why the list of packages may not be the whole truth, as JSON.
    pub obstacles: Value,
    /// What its verdict rests on beside its packages, as JSON.
    pub basis: Value,
    /// The version of the indexer.
    pub indexer_version: u32,
    /// How well the reader was locked in, as JSON.
    pub isolation: Value,
    /// When.
    pub at: Timestamp,
    /// Its layers, and what it says of its base.
    pub lineage: Lineage,
    /// The packages.
    pub packages: Vec<PackagePlace>,
}

/// What is recorded of an image, without its packages.
#[derive(Debug, Clone, PartialEq)]
pub struct ScannedImage {
    /// The manifest.
    pub digest: Digest,
    /// The distribution, as JSON.
    pub distribution: Value,
    /// Operating system and architecture.
    pub platform: Option<String>,
    /// Why the list of packages may not be the whole truth, as JSON.
    pub obstacles: Value,
    /// The version of the indexer.
    pub indexer_version: u32,
    /// How well the reader was locked in, as JSON.
    pub isolation: Value,
    /// When.
    pub at: Timestamp,
}

/// What recording an image gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedImage {
    /// The distinct package versions of the image with their numbers, by number.
    pub versions: Vec<(PackageVersionId, PackageVersion)>,
}

/// Inventories.
#[async_trait]
pub trait Scans: Send + Sync {
    /// Keeps the reading of a layer. An inventory that is there already stays; an unreadable one is replaced.
    async fn put_layer(&self, layer: LayerRecord) -> Result<(), Error>;

    /// The reading of a layer by a version of the indexer.
    async fn layer(&self, digest: &Digest, indexer_version: u32) -> Result<Option<LayerRecord>, Error>;

    /// Records the packages of an image, in place of those that were recorded before.
    async fn record_image(&self, image: ImageRecord) -> Result<RecordedImage, Error>;

    /// What is recorded of an image.
    async fn image(&self, digest: &Digest) -> Result<Option<ScannedImage>, Error>;

    /// The packages of an image, by kind, name, version, layer and path. Empty if it was never recorded.
    async fn image_packages(&self, digest: &Digest) -> Result<Vec<PackagePlace>, Error>;
}
