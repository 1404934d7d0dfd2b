//! Pull policies: what a registry asks of an image before it is pulled, and what is known to answer that.
//!
//! The store keeps the policy and gathers the facts, in one read. It does not judge.

use crate::{Actor, Error, ImageKey, ImageState, QuarantineState, RegistryId, RepositoryKey};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::Digest;
use std::collections::BTreeMap;

/// A severity from which on images are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldSeverity {
    /// Any finding with a severity.
    Low,
    /// Medium and above.
    Medium,
    /// High and above.
    High,
    /// Critical alone.
    Critical,
}

impl HoldSeverity {
    /// All severities, lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The severity as a word: `High`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }

    /// The severity of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

/// What a registry asks of an image before it is pulled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PullPolicy {
    /// New manifests go into quarantine, and are pulled when somebody has let them pass.
    pub quarantine: bool,
    /// Unhealthy images with a finding of this severity or above are held.
    pub hold_severity: Option<HoldSeverity>,
    /// Images are held that were not assessed, or cannot be.
    pub hold_unassessed: bool,
    /// For how many seconds after its push an image that was not assessed yet is not held for that.
    pub grace_seconds: u32,
}

impl HoldSeverity {
    /// Whether there is a finding of this severity or above, or one of which nobody can say.
    pub fn is_reached(self, counts: &BTreeMap<String, u64>) -> bool {
        counts
            .iter()
            .filter(|(_, count)| **count > 0)
            .any(|(word, _)| Self::from_word(word).is_none_or(|severity| severity >= self))
    }
}

impl PullPolicy {
    /// Where a verdict leaves an image in the quarantine pattern; none if it does not say.
    ///
    /// With quarantine on, what is healthy passes, and what is unhealthy passes only below a severity that the policy
    /// names; what cannot be assessed does not pass. With quarantine off nothing is held by it, so that whatever was
    /// assessed passes: the details beside it tell what was found. What was not assessed is never called passed.
    pub fn quarantine_after(
        self,
        state: ImageState,
        counts: &BTreeMap<String, u64>,
    ) -> Option<QuarantineState> {
        let (passed, failed) = (Some(QuarantineState::Passed), Some(QuarantineState::Failed));
        match (state, self.quarantine) {
            (ImageState::Healthy, _) | (ImageState::Unhealthy, false) => passed,
            (ImageState::Unhealthy, true) => match self.hold_severity {
                Some(limit) if !limit.is_reached(counts) => passed,
                Some(_) | None => failed,
            },
            (ImageState::NotApplicable, true) => failed,
            (ImageState::NotApplicable, false)
            | (ImageState::Queued | ImageState::Scanning | ImageState::Unscanned, _) => None,
        }
    }

    /// Whether it holds anything at all.
    pub fn holds(&self) -> bool {
        self.quarantine || self.hold_severity.is_some() || self.hold_unassessed
    }
}

/// What is known of an image that a pull is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The manifest.
    pub digest: Digest,
    /// When it was first pushed.
    pub pushed_at: Timestamp,
    /// Where it stands in the quarantine pattern.
    pub quarantine: Option<QuarantineState>,
    /// Its state and how many findings it has by severity; none if there is no summary.
    pub verdict: Option<(ImageState, BTreeMap<String, u64>)>,
    /// Until when it may be pulled whatever the policy says.
    pub pass: Option<Timestamp>,
}

/// A policy with what it has to be held against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullFacts {
    /// The policy.
    pub policy: PullPolicy,
    /// The manifest itself, or all manifests of the repository that point to the blob. Empty if the policy holds
    /// nothing: then nobody looked.
    pub standings: Vec<Standing>,
}

/// Leave to pull an image whatever the policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullPass {
    /// Which image.
    pub image: ImageKey,
    /// Why. It is told in history.
    pub reason: String,
    /// Who gives it.
    pub actor: Actor,
    /// Until when.
    pub until: Timestamp,
}

/// Pull policies.
#[async_trait]
pub trait Policies: Send + Sync {
    /// The policy of a registry.
    async fn pull_policy(&self, registry: RegistryId) -> Result<PullPolicy, Error>;

    /// Sets the policy of a registry, and tells it in history.
    async fn set_pull_policy(
        &self,
        registry: RegistryId,
        policy: PullPolicy,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// The policy and what it has to be held against, for a manifest or a blob of a repository.
    async fn pull_facts(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
        is_blob: bool,
    ) -> Result<PullFacts, Error>;

    /// Gives leave to pull an image, and tells it in history. `false` if there is no such image.
    async fn give_pull_pass(&self, pass: PullPass, at: Timestamp) -> Result<bool, Error>;
}
