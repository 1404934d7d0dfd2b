//! Findings by the software that has them: what has to be updated in an image.

use crate::{Error, Finding, ImageKey, PackageStanding, PackageVersionId, Page, PageRequest};
use async_trait::async_trait;
use inventory::PackageKind;
use oci::Digest;
use std::collections::BTreeMap;

/// A piece of software in an image in which something is found, in all versions that the image has of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedSoftware {
    /// Which package manager knows it.
    pub kind: PackageKind,
    /// Its name.
    pub name: String,
    /// Its versions in which something is found, with their numbers.
    pub versions: Vec<(PackageVersionId, String)>,
    /// How many vulnerabilities the versions have, by severity.
    pub affected: BTreeMap<String, u64>,
}

/// Findings by software.
#[async_trait]
pub trait Softwares: Send + Sync {
    /// The software of an image in which something is found, by the word of the kind and by name. Nothing is read of the findings: what
    /// is counted beside the package versions tells.
    async fn affected_software(&self, image: &Digest) -> Result<Vec<AffectedSoftware>, Error>;

    /// The package versions in which something is found, by number, with what is counted.
    async fn affected_versions(
        &self,
        page: PageRequest<PackageVersionId>,
    ) -> Result<Page<PackageStanding, PackageVersionId>, Error>;

    /// What these package versions of an image are affected by, in the order of finding keys; nothing for an image that
    /// has no summary.
    async fn findings_of_packages(
        &self,
        image: &ImageKey,
        packages: &[PackageVersionId],
    ) -> Result<Vec<Finding>, Error>;
}
