//! More findings at once: what a new advisory says, in the verdicts of all images before their summaries are written.
//!
//! An advisory about a library that half of all images have changes as many summaries. Writing them takes seconds;
//! saying that package versions have so many more findings takes one row each. Whoever reads a summary that was made
//! with the snapshot of before adds them.
//!
//! An image that was healthy, or could not be assessed, is unhealthy by that, and one that was healthy cannot be assessed
//! where more cannot be decided: it is shown so everywhere, also where images are counted or listed by their state. Its
//! summary is written with the others, and its event with that.

use crate::{
    Error, ImageKey, ImageNumber, ImageSummary, PackageFindings, PackageStanding, PackageVersionId,
    RepositoryKey, SnapshotVersion, Vulnerability,
};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is said more of a package version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreFindings {
    /// The package version.
    pub package_version: PackageVersionId,
    /// How many findings more it has, by severity.
    pub counts: BTreeMap<String, u64>,
    /// How many of them rules leave, where rules hide some.
    pub left: BTreeMap<Ruling, BTreeMap<String, u64>>,
    /// What cannot be decided of it, if that has changed.
    pub undecided: Option<Undecided>,
}

impl MoreFindings {
    /// So many findings more, of which no rule hides any.
    pub fn new(package_version: PackageVersionId, counts: BTreeMap<String, u64>) -> Self {
        Self { package_version, counts, left: BTreeMap::new(), undecided: None }
    }

    /// How many findings more count under some rules, or without any.
    pub fn counts_under(&self, ruling: Option<Ruling>) -> &BTreeMap<String, u64> {
        ruling.and_then(|ruling| self.left.get(&ruling)).unwrap_or(&self.counts)
    }
}

/// Rules that hold together in some repositories, by a number that says which. It is good for one [`Ahead`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ruling(pub u32);

/// What cannot be decided of a package version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// How many possible findings.
    pub count: u64,
    /// The first of them.
    pub vulnerability: String,
    /// The same with its place, for people.
    pub detail: String,
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
    /// Which rules hold in repositories in which they hide some of it.
    pub rulings: BTreeMap<RepositoryKey, Ruling>,
    /// Images that are shown as they are written: more findings may be no others for them.
    pub but: BTreeSet<ImageKey>,
    /// With more healthy images than this that become others, nothing is done.
    pub most_flips: Option<u64>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShownAhead {
    /// It is recorded, and all verdicts show it. These package versions have other findings than before.
    Shown(Vec<PackageVersionId>),
    /// So many healthy images would be others; nothing was done.
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

    /// The verdict on an image as it was written, without what was found since: whoever writes the next one compares
    /// it with this.
    async fn written_summary(&self, image: &ImageKey) -> Result<Option<ImageSummary>, Error>;

    /// Records what a snapshot says of package versions, and shows what it says more in all verdicts, in one transaction.
    /// What was shown of the same earlier snapshots before is forgotten.
    async fn show_ahead(&self, ahead: Ahead, at: Timestamp) -> Result<ShownAhead, Error>;

    /// The package versions of which summaries do not tell all that was found, or could not be decided.
    async fn uncounted(&self) -> Result<Vec<PackageVersionId>, Error>;

    /// Says that all summaries tell what was found.
    async fn findings_are_counted(&self) -> Result<(), Error>;
}
