//! More findings at once: what a new advisory says, in the verdicts of all images before their summaries are written.
//!
//! An advisory about a library that half of all images have changes as many summaries. Writing them takes seconds;
//! saying that package versions have so many more findings takes one row each. Whoever reads a summary that was made
//! with the snapshot of before adds them.
//!
//! That holds only for images that stay unhealthy: what changes its state is written at once, with its event.

use crate::{Error, ImageKey, ImageNumber, ImageSummary, PackageStanding, PackageVersionId, SnapshotVersion};
use async_trait::async_trait;
use std::collections::BTreeMap;

/// How many findings more a package version has, by severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreFindings {
    /// The package version.
    pub package_version: PackageVersionId,
    /// How many more.
    pub counts: BTreeMap<String, u64>,
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

    /// The images that have a verdict somewhere and are not unhealthy there, of which rules make something else than was
    /// found, or to which a trusted document is attached; ascending.
    async fn images_to_look_at(&self) -> Result<Vec<ImageNumber>, Error>;

    /// The verdict on an image as it was written, without what was found since: whoever writes the next one compares
    /// it with this.
    async fn written_summary(&self, image: &ImageKey) -> Result<Option<ImageSummary>, Error>;

    /// Says which findings package versions have with a snapshot beyond those that summaries tell which were made with
    /// an earlier one, for each such earlier one. What was said of these before is forgotten.
    async fn add_findings(
        &self,
        snapshot: &SnapshotVersion,
        more: Vec<(SnapshotVersion, Vec<MoreFindings>)>,
    ) -> Result<(), Error>;

    /// The package versions of which summaries do not tell all that was found.
    async fn uncounted(&self) -> Result<Vec<PackageVersionId>, Error>;

    /// Says that all summaries tell what was found.
    async fn findings_are_counted(&self) -> Result<(), Error>;
}
