//! Findings are a join, not a copy.
//!
//! A vulnerability is found in a package version, never in an image. The findings of an image are those of its
//! package versions, joined when they are asked for. So a new advisory touches the package versions of one name,
//! and through them, at once, every image.
//!
//! The store does not judge: severities are the words it was given, evidence is JSON that it does not read.

use crate::{
    Error, FindingReason, ImageKey, PackageVersion, PackageVersionId, Page, PageRequest, RegistryId,
    SnapshotVersion,
};
use async_trait::async_trait;
use inventory::Ecosystem;
use jiff::Timestamp;
use oci::{Digest, RepositoryName};
use serde_json::Value;
use std::collections::BTreeMap;

/// A known vulnerability, as it is rated where a package comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Vulnerability {
    /// Its identifier: a CVE where there is one.
    pub id: String,
    /// For whose packages this is said: a distribution rates a vulnerability as it built the package.
    pub ecosystem: Ecosystem,
    /// Its severity, in the word of the classification.
    pub severity: String,
    /// Its score, where it has one.
    pub score: Option<f64>,
    /// Everything else, as JSON.
    pub record: Value,
}

/// What matching says of a package version and a vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingVerdict {
    /// It has it.
    Affected,
    /// It has it not; kept where the evidence is worth showing.
    NotAffected,
    /// It cannot be said; the evidence says why.
    Undetermined,
}

impl FindingVerdict {
    /// All verdicts.
    pub const ALL: [Self; 3] = [Self::Affected, Self::NotAffected, Self::Undetermined];

    /// The verdict as a word: `NotAffected`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Affected => "Affected",
            Self::NotAffected => "NotAffected",
            Self::Undetermined => "Undetermined",
        }
    }

    /// The verdict of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }
}

/// A vulnerability in a package version.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingRow {
    /// The identifier of the vulnerability.
    pub vulnerability: String,
    /// What matching says.
    pub verdict: FindingVerdict,
    /// The first version without it, where there is one.
    pub fixed: Option<String>,
    /// Which advisories say so.
    pub advisories: Vec<String>,
    /// Why, as JSON.
    pub evidence: Value,
}

/// All that a snapshot says of a package version.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageFindings {
    /// The package version.
    pub package_version: PackageVersionId,
    /// The findings; empty if there are none, which is an answer too.
    pub findings: Vec<FindingRow>,
    /// Why findings appear, go or change, by vulnerability, where that is known: history keeps it if they do.
    pub reasons: BTreeMap<String, FindingReason>,
}

/// Which findings are wanted. Empty lists and missing values ask for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Only those of these registries. The caller's rights are put here.
    pub registries: Option<Vec<RegistryId>>,
    /// Only those of this repository.
    pub repository: Option<RepositoryName>,
    /// Only those of this image.
    pub digest: Option<Digest>,
    /// Only those of this vulnerability.
    pub vulnerability: Option<String>,
    /// Only those of one of these severities.
    pub severities: Vec<String>,
    /// Only those with one of these verdicts.
    pub verdicts: Vec<FindingVerdict>,
}

impl FindingFilter {
    /// What applies to one image.
    pub fn affecting(image: &ImageKey) -> Self {
        Self {
            registries: Some(vec![image.repository.registry]),
            repository: Some(image.repository.name.clone()),
            digest: Some(image.digest.clone()),
            verdicts: vec![FindingVerdict::Affected],
            ..Self::default()
        }
    }
}

/// The place of a finding in the order of all findings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingKey {
    /// The image.
    pub image: ImageKey,
    /// The identifier of the vulnerability.
    pub vulnerability: String,
    /// The package version.
    pub package_version: PackageVersionId,
    /// Which of the places of that package version in the image.
    pub place: i64,
}

/// Where in the making of an image a package came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The number of the layer, from 1 at the bottom.
    pub layer_number: Option<usize>,
    /// The build step that made the layer, where the history says so.
    pub step: Option<String>,
    /// Whether the layer is one of the base image's. None where no base image is known.
    pub inherited: Option<bool>,
}

/// A vulnerability in a package of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Where it stands in the order of all findings.
    pub key: FindingKey,
    /// The package version.
    pub package: PackageVersion,
    /// The layer that brought the package in.
    pub layer: Digest,
    /// The file that lists the package.
    pub path: String,
    /// Where the layer comes from.
    pub origin: Origin,
    /// The vulnerability.
    pub vulnerability: Vulnerability,
    /// What matching says.
    pub verdict: FindingVerdict,
    /// The first version without it.
    pub fixed: Option<String>,
    /// Which advisories say so.
    pub advisories: Vec<String>,
    /// Why, as JSON.
    pub evidence: Value,
    /// The snapshot that the package version was last matched with.
    pub snapshot: SnapshotVersion,
    /// When this vulnerability was first found in this package version.
    pub first_seen: Timestamp,
}

/// Findings.
#[async_trait]
pub trait Findings: Send + Sync {
    /// Package versions that were not matched with this snapshot yet, at most `limit` of them.
    /// Only those of images that still exist somewhere matter, but all are given.
    async fn package_versions_to_match(
        &self,
        snapshot: &SnapshotVersion,
        limit: usize,
    ) -> Result<Vec<(PackageVersionId, PackageVersion)>, Error>;

    /// Of these package versions, those that were not matched with this snapshot yet.
    async fn unmatched(
        &self,
        snapshot: &SnapshotVersion,
        package_versions: &[PackageVersionId],
    ) -> Result<Vec<(PackageVersionId, PackageVersion)>, Error>;

    /// Records what a snapshot says of package versions, in place of what was recorded before; the moment at
    /// which a finding was first seen stays. The vulnerabilities that the findings name come along or are
    /// there already. Returns the package versions whose findings changed.
    async fn record_findings(
        &self,
        snapshot: &SnapshotVersion,
        packages: Vec<PackageFindings>,
        vulnerabilities: Vec<Vulnerability>,
        at: Timestamp,
    ) -> Result<Vec<PackageVersionId>, Error>;

    /// Takes these package versions, as far as they were matched with one snapshot, as matched with another: for
    /// those of which the two say the same. Returns how many.
    async fn adopt_snapshot(
        &self,
        from: &SnapshotVersion,
        to: &SnapshotVersion,
        package_versions: Vec<PackageVersionId>,
    ) -> Result<u64, Error>;

    /// The images that have one of these package versions, in the order of their keys.
    async fn affected_images(
        &self,
        package_versions: &[PackageVersionId],
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageKey, ImageKey>, Error>;

    /// Findings, in the order of their keys: registry, repository, digest, vulnerability, package version, place.
    ///
    /// Only images that have a summary are looked at: one that was deleted has no findings.
    async fn findings(
        &self,
        filter: &FindingFilter,
        page: PageRequest<FindingKey>,
    ) -> Result<Page<Finding, FindingKey>, Error>;

    /// What is said of a vulnerability, by ecosystem.
    async fn vulnerabilities(&self, id: &str) -> Result<Vec<Vulnerability>, Error>;
}
