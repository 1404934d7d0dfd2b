//! The verdict on each image, as it was last assessed.
//!
//! A summary is what lists and counts are read from. It is written by whoever assesses; the store does not judge.

use crate::{Error, ImageKey, Page, PageRequest, RegistryId, SnapshotVersion};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, RepositoryName};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where an image stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageState {
    /// Its scan waits.
    Queued,
    /// It is being scanned.
    Scanning,
    /// It was read completely, and there is nothing to fix.
    Healthy,
    /// There is something to fix.
    Unhealthy,
    /// It cannot be assessed; the cause says why.
    NotApplicable,
    /// Nobody asked for a scan: the plan is off.
    Unscanned,
}

impl ImageState {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Scanning, Self::Healthy, Self::Unhealthy, Self::NotApplicable, Self::Unscanned];

    /// The state as a word: `Healthy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Scanning => "Scanning",
            Self::Healthy => "Healthy",
            Self::Unhealthy => "Unhealthy",
            Self::NotApplicable => "NotApplicable",
            Self::Unscanned => "Unscanned",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Why an image is in its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// A word for programs.
    pub code: String,
    /// A sentence for people.
    pub sentence: String,
}

/// The verdict on an image.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSummary {
    /// The image.
    pub image: ImageKey,
    /// Where it stands.
    pub state: ImageState,
    /// Why.
    pub cause: Option<Cause>,
    /// How many findings there are, by severity.
    pub counts: BTreeMap<String, u64>,
    /// Operating system and architecture.
    pub platform: Option<String>,
    /// How well the reader was locked in, as JSON; null if nothing was read.
    pub isolation: Value,
    /// When the image was first seen here. Kept from the first summary.
    pub first_seen: Timestamp,
    /// When the state last changed. Kept while the state stays.
    pub changed_at: Timestamp,
    /// When it was last assessed.
    pub assessed_at: Option<Timestamp>,
    /// The snapshot it was last assessed with.
    pub snapshot: Option<SnapshotVersion>,
    /// The images that it is made of, if it is an index.
    pub children: Vec<Digest>,
}

impl ImageSummary {
    /// The summary of an image that is seen for the first time, and of which nothing else is known yet.
    pub fn begun(image: ImageKey, state: ImageState, now: Timestamp) -> Self {
        Self {
            image,
            state,
            cause: None,
            counts: BTreeMap::new(),
            platform: None,
            isolation: Value::Null,
            first_seen: now,
            changed_at: now,
            assessed_at: None,
            snapshot: None,
            children: Vec::new(),
        }
    }
}

/// An assessment that has come to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Conclusion {
    /// The verdict.
    pub summary: ImageSummary,
    /// Whether it is told in history though it says what the one before said: somebody asked for this scan.
    /// Otherwise only a change is told.
    pub is_asked_for: bool,
    /// Where people see what was found; it stands in the details of the quarantine.
    pub link: String,
}

/// Which summaries are wanted. Empty lists and missing values ask for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SummaryFilter {
    /// Only those of these registries. The caller's rights are put here.
    pub registries: Option<Vec<RegistryId>>,
    /// Only those of this repository.
    pub repository: Option<RepositoryName>,
    /// Only those of this digest.
    pub digest: Option<Digest>,
    /// Only those in one of these states.
    pub states: Vec<ImageState>,
}

/// How the images of a registry stand, all together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistryStanding {
    /// How many images are in each state that any is in.
    pub counts: BTreeMap<ImageState, u64>,
    /// When there was a verdict on one of its images for the first time ever.
    pub first_evaluated: Option<Timestamp>,
    /// When what the images come to together last became something else.
    pub status_changed: Option<Timestamp>,
    /// When one of the images was last assessed.
    pub last_assessed: Option<Timestamp>,
}

/// Verdicts on images.
#[async_trait]
pub trait Summaries: Send + Sync {
    /// Keeps the verdict on an image. `false` if the image is not there any more, and nothing was kept.
    ///
    /// The moment of first sight and, while the state stays, of the last change are those of the first time.
    async fn put_summary(&self, summary: ImageSummary) -> Result<bool, Error>;

    /// Keeps the verdict on an image, writes what it means for its quarantine, and tells both in history, in one
    /// transaction. `false` if the image is not there any more, and nothing was kept.
    async fn conclude(&self, conclusion: Conclusion, at: Timestamp) -> Result<bool, Error>;

    /// The verdict on an image.
    async fn summary(&self, image: &ImageKey) -> Result<Option<ImageSummary>, Error>;

    /// Verdicts, in the order of registry, repository and digest.
    async fn summaries(
        &self,
        filter: &SummaryFilter,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageSummary, ImageKey>, Error>;

    /// The verdicts on the images with this [mark](ImageKey::mark): nearly always one or none.
    async fn summaries_by_mark(&self, mark: u64) -> Result<Vec<ImageSummary>, Error>;

    /// How the images of a registry stand, all together.
    async fn standing(&self, registry: RegistryId) -> Result<RegistryStanding, Error>;

    /// How many images stand in each state, for the registries that are named, or for all.
    async fn state_counts(&self, registries: Option<&[RegistryId]>) -> Result<Vec<(ImageState, u64)>, Error>;
}
