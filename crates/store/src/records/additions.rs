//! More findings at once: what a new advisory says, in the verdicts of all images before their summaries are written.
//!
//! An advisory about a library that half of all images have changes as many summaries. Writing them takes seconds;
//! saying that package versions have so many more findings takes one row each. Whoever reads a summary that was made
//! with the snapshot of before adds them.
//!
//! An image that was healthy, or could not be assessed, is unhealthy by that: it is shown so everywhere, also where
//! images are counted or listed by their state. Its summary is written with the others, and its event with that.

use crate::{
    Error, ImageKey, ImageNumber, ImageSummary, PackageFindings, PackageStanding, PackageVersionId,
    SnapshotVersion, Vulnerability,
};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How many findings more a package version has, by severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreFindings {
    /// The package version.
    pub package_version: PackageVersionId,
    /// How many more.
    pub counts: BTreeMap<String, u64>,
}

/// What a snapshot says more than earlier ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Ahead {
    /// The snapshot.
    pub snapshot: SnapshotVersion,
    /// What it says of the package versions that are concerned.
    pub packages: Vec<PackageFindings>,
    /// The vulnerabilities that these name.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Which findings package versions have beyond those that summaries tell which were made with an earlier snapshot,
    /// for each such earlier one.
    pub more: Vec<(SnapshotVersion, Vec<MoreFindings>)>,
    /// Images that keep their verdict until it is written: more findings may be no others for them.
    pub but: BTreeSet<ImageKey>,
    /// With more healthy images than this that become unhealthy, nothing is done.
    pub most_flips: Option<u64>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShownAhead {
    /// It is recorded, and all verdicts show it. These package versions have other findings than before.
    Shown(Vec<PackageVersionId>),
    /// So many images would be unhealthy; nothing was done.
    TooManyFlips(u64),
}

/// Findings that are shown before they are counted.
#[async_trait]
pub trait Additions: Send + Sync {
    /// Whether each package version was matched with one of these snapshots, and what is shown ahead is shown to
    /// summaries that were made with one of them.
    async fn is_all_matched_with(&self, snapshots: Vec<SnapshotVersion>) -> Result<bool, Error>;

    /// What is found in the package versions that are looked up under one of these names.
    async fn standings_named(&self, names: Vec<String>) -> Result<Vec<PackageStanding>, Error>;

    /// What is found in these package versions.
    async fn standings_of(
        &self,
        package_versions: Vec<PackageVersionId>,
    ) -> Result<Vec<PackageStanding>, Error>;

    /// The images to which a trusted document is attached, or to an index that they are part of; ascending.
    async fn images_with_documents(&self) -> Result<Vec<ImageNumber>, Error>;

    /// The images that have a verdict somewhere and are not written as unhealthy there; ascending.
    async fn images_not_unhealthy(&self) -> Result<Vec<ImageNumber>, Error>;

    /// The verdict on an image as it was written, without what was found since: whoever writes the next one compares
    /// it with this.
    async fn written_summary(&self, image: &ImageKey) -> Result<Option<ImageSummary>, Error>;

    /// Records what a snapshot says of package versions, and shows what it says more in all verdicts, in one transaction.
    /// What was shown of the same earlier snapshots before is forgotten.
    async fn show_ahead(&self, ahead: Ahead, at: Timestamp) -> Result<ShownAhead, Error>;

    /// The package versions of which summaries do not tell all that was found.
    async fn uncounted(&self) -> Result<Vec<PackageVersionId>, Error>;

    /// Says that all summaries tell what was found.
    async fn findings_are_counted(&self) -> Result<(), Error>;
}
