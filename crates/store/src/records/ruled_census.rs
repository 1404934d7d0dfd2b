//! What a [census](crate::Census) needs beside itself where rules are in force: what the conditions of rules look at.
//!
//! A rule says what it means of a finding and of the image that it stands in. What is said of findings is the same in
//! every image, so that it is looked at once for each package version and vulnerability, of which there are a thousand
//! times fewer.

use crate::{Error, ImageContent, ImageKey, PackageList, PackageVersionId, Page, PageRequest, SummaryFilter};
use async_trait::async_trait;
use inventory::Ecosystem;
use oci::Digest;
use serde_json::Value;
use std::collections::HashMap;

/// A package version that is affected by a vulnerability, as far as conditions look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedPackage {
    /// The package version.
    pub package_version: PackageVersionId,
    /// The identifier of the vulnerability.
    pub vulnerability: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What the finding rests on: JSON as it was recorded.
    pub evidence: String,
}

/// The distributions of images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distributions {
    /// Each that some image has, as it is recorded with the image.
    pub known: Vec<Value>,
    /// The place in `known` of what an image has.
    pub of: HashMap<Digest, usize>,
}

/// Everything of a kind at once, as far as rules look at it.
#[async_trait]
pub trait RuledCensus: Send + Sync {
    /// Every package version with what it is affected by, in the order of both.
    async fn affected_packages(
        &self,
        page: PageRequest<(PackageVersionId, String)>,
    ) -> Result<Page<AffectedPackage, (PackageVersionId, String)>, Error>;

    /// How vulnerabilities are described where packages come from: JSON as it was recorded.
    async fn vulnerability_records(
        &self,
        page: PageRequest<(String, Ecosystem)>,
    ) -> Result<Page<((String, Ecosystem), String), (String, Ecosystem)>, Error>;

    /// The distributions of all images that were read.
    async fn distributions(&self) -> Result<Distributions, Error>;

    /// The package versions of each of these images; none of one that was never read.
    async fn package_lists(&self, images: &[Digest]) -> Result<Vec<Option<PackageList>>, Error>;

    /// The images that are shown as healthy or as not applicable because of rules, though they were found to be
    /// unhealthy, with their package versions; of the states of the filter nothing is read. In the order of their keys.
    async fn hidden_contents(
        &self,
        filter: &SummaryFilter,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageContent, ImageKey>, Error>;
}
