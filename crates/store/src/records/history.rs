//! What became of an image: when its verdict changed, and why findings appeared or went.
//!
//! Findings are a join, and so is their history: what changed in a package version changed in every image that has it.

use crate::{Error, Event, ImageKey, PackageVersion, SnapshotVersion};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::findings::FindingVerdict;

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingChangeKind {
    /// It was not there before.
    Appeared,
    /// It is not there any more.
    Gone,
    /// Its verdict, or the version that fixes it, is another one.
    Changed,
}

impl FindingChangeKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Appeared, Self::Gone, Self::Changed];

    /// The kind as a word: `Appeared`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Appeared => "Appeared",
            Self::Gone => "Gone",
            Self::Changed => "Changed",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Why a finding changed: a word for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingReason {
    /// The word: `NewAdvisory`.
    pub code: String,
    /// The sentence.
    pub sentence: String,
}

/// A finding, as far as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingStand {
    /// What matching said.
    pub verdict: FindingVerdict,
    /// The first version without it.
    pub fixed: Option<String>,
}

/// A change of a finding in a package version.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingChange {
    /// The package version.
    pub package: PackageVersion,
    /// The vulnerability.
    pub vulnerability: String,
    /// What became of it.
    pub kind: FindingChangeKind,
    /// Why.
    pub reason: FindingReason,
    /// How it was; none if it was not there.
    pub before: Option<FindingStand>,
    /// How it is; none if it went.
    pub after: Option<FindingStand>,
    /// The snapshot that brought the change.
    pub snapshot: SnapshotVersion,
    /// When.
    pub at: Timestamp,
}

/// History.
#[async_trait]
pub trait History: Send + Sync {
    /// What happened to an image in its repository, the newest first.
    async fn image_events(&self, image: &ImageKey, limit: usize) -> Result<Vec<Event>, Error>;

    /// What changed in the findings of an image's package versions, the newest first, from its record on.
    async fn finding_changes(&self, image: &ImageKey, limit: usize) -> Result<Vec<FindingChange>, Error>;

    /// The rules and exemptions that were put and deleted, the newest first.
    async fn rule_events(&self, limit: usize) -> Result<Vec<Event>, Error>;
}
