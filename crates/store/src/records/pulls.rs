//! Pulls: content together with everything that says whether it may be handed out.
//!
//! A pull is one read. What is looked up in two steps can change between them, and then the answer of one moment is
//! given with the leave of another.

use crate::{Error, Lock, Manifest, RepositoryKey};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, Reference};

/// A manifest that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledManifest {
    /// The manifest.
    pub manifest: Manifest,
    /// What forbids to read it: its own switch, that of its repository, or that of the tag it was asked for by.
    pub lock: Option<Lock>,
}

/// A blob that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledBlob {
    /// Its size.
    pub size: u64,
    /// What forbids to read it: the switch of its repository, or those of all manifests that point to it.
    pub lock: Option<Lock>,
    /// Since when there is a link that no manifest needs, so that it may be collected; none if one needs it.
    pub unneeded_since: Option<Timestamp>,
}

/// Pulls.
#[async_trait]
pub trait Pulls: Send + Sync {
    /// A manifest by tag or digest.
    async fn pull_manifest(
        &self,
        repository: &RepositoryKey,
        reference: &Reference,
    ) -> Result<Option<PulledManifest>, Error>;

    /// A blob, if the repository has a link to it.
    async fn pull_blob(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
    ) -> Result<Option<PulledBlob>, Error>;

    /// Which repositories of a registry have a link to a blob, by name; at most `limit`.
    async fn repositories_of_blob(
        &self,
        registry: crate::RegistryId,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<oci::RepositoryName>, Error>;
}
