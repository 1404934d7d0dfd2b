//! Judging all images again, when advisories change or grow old.
//!
//! What is found in each package version is counted where it is recorded. An image is a list of package versions, so
//! that its counts are a sum: nobody reads the findings of a hundred thousand images to judge them.

use crate::{
    Cause, Error, ImageKey, ImageState, NewJob, PackageVersion, PackageVersionId, Page, PageRequest,
    SnapshotVersion, SubscriptionId,
};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is found in a package version, counted.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageStanding {
    /// Its number.
    pub id: PackageVersionId,
    /// The package version.
    pub package: PackageVersion,
    /// The snapshot that it was last matched with.
    pub matched: Option<SnapshotVersion>,
    /// How many vulnerabilities it has, by severity.
    pub affected: BTreeMap<String, u64>,
    /// Of how many it cannot be said.
    pub undetermined: u64,
    /// The first of these by name.
    pub first_undetermined: Option<String>,
}

/// An image by the number of its row. The same image may stand in many repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageNumber(pub i64);

/// An image in a repository, as judging needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageToJudge {
    /// The image.
    pub image: ImageKey,
    /// Where it stands, rules and exemptions left aside.
    pub state: ImageState,
    /// What its verdict rests on beside its packages, as it was recorded.
    pub basis: Value,
    /// Its distinct package versions, ascending.
    pub packages: Vec<PackageVersionId>,
}

/// What an image is now.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedImage {
    /// The image.
    pub image: ImageKey,
    /// Where it stands.
    pub state: ImageState,
    /// Why.
    pub cause: Option<Cause>,
    /// How many findings there are, by severity.
    pub counts: BTreeMap<String, u64>,
}

/// What judging images again came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JudgedAgain {
    /// Images whose counts, cause or state is another one now.
    pub changed: u64,
    /// Images whose state is another one now: each has an event.
    pub flipped: u64,
}

/// The advisories that all verdicts have caught up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reevaluated {
    /// The snapshot.
    pub snapshot: SnapshotVersion,
    /// Whether it counted as too old.
    pub too_old: bool,
    /// The day, since 1970: support of distributions ends on a day.
    pub day: i64,
}

/// The job that judges an index again, since one of its images has another verdict.
pub type ParentJob = fn(&ImageKey, SubscriptionId) -> NewJob;

/// Judging images again.
#[async_trait]
pub trait Reevaluation: Send + Sync {
    /// What is found in each package version, by number.
    async fn package_standings(
        &self,
        page: PageRequest<PackageVersionId>,
    ) -> Result<Page<PackageStanding, PackageVersionId>, Error>;

    /// The images that have one of these package versions, ascending.
    async fn images_having(&self, packages: Vec<PackageVersionId>) -> Result<Vec<ImageNumber>, Error>;

    /// The images that have a verdict, in the order of their keys.
    async fn images_to_judge(
        &self,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageToJudge, ImageKey>, Error>;

    /// Of these images, those that have a verdict, wherever they stand.
    async fn numbered_images(&self, images: Vec<ImageNumber>) -> Result<Vec<ImageToJudge>, Error>;

    /// Keeps new verdicts on images that no rule concerns, all in one transaction. What waits for its scan, or is deleted, is left alone.
    ///
    /// Where a state becomes another one, the event is part of the transaction, and so is the job for each index that
    /// the image is part of: judging the same images again tells nothing twice.
    async fn judge_again(
        &self,
        images: Vec<JudgedImage>,
        snapshot: SnapshotVersion,
        parent_job: ParentJob,
        at: Timestamp,
    ) -> Result<JudgedAgain, Error>;

    /// Writes down that verdicts hold with a snapshot, for the next images after a key that were judged with another.
    /// Returns the key to go on after; none at the end.
    async fn confirm_verdicts(
        &self,
        snapshot: SnapshotVersion,
        page: PageRequest<ImageKey>,
        at: Timestamp,
    ) -> Result<Option<ImageKey>, Error>;

    /// The advisories that all verdicts have caught up with.
    async fn reevaluated(&self) -> Result<Option<Reevaluated>, Error>;

    /// Writes down that all verdicts have caught up.
    async fn set_reevaluated(&self, done: Reevaluated, at: Timestamp) -> Result<(), Error>;
}
