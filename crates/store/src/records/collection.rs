//! What is there and is needed by nobody: links without a manifest, manifests without a tag, bytes without a link.
//!
//! Each is looked for in small reads that go on where the last one ended, and taken away in a call that looks again in
//! its own transaction. So nothing is lost to a push that came between the two, and no reader or writer waits long.

use crate::{Actor, Error, ImageKey, Page, PageRequest, RegistryId, Removal, RepositoryKey};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::Digest;
use serde::{Deserialize, Serialize};

/// A link between a repository and a blob, in the order in which links are gone through.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LinkKey {
    /// The number of the repository's row.
    pub repository: i64,
    /// The blob.
    pub digest: Digest,
}

/// Collecting what nobody needs.
#[async_trait]
pub trait Collection: Send + Sync {
    /// Links that were made, or last relied on, before a moment and that no manifest of their repository needs. The limit is on the links
    /// that are looked at, so that a page may be empty and not the last.
    async fn unneeded_links(
        &self,
        before: Timestamp,
        page: PageRequest<LinkKey>,
    ) -> Result<Page<LinkKey, LinkKey>, Error>;

    /// Takes those of the links away that are still unneeded, and says how many these were.
    async fn unlink_unneeded(&self, links: Vec<LinkKey>, before: Timestamp) -> Result<u64, Error>;

    /// Says of a link that somebody relies on it now: who was told that a blob is here will not send it again.
    /// `false` if the link is gone.
    async fn renew_link(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
        at: Timestamp,
    ) -> Result<bool, Error>;

    /// Whether a link to a blob is needed by a manifest, or was made at a moment or after it.
    async fn blob_is_needed(&self, digest: &Digest, before: Timestamp) -> Result<bool, Error>;

    /// Manifests of a registry that were pushed, and lost their last tag, before a moment, and that no tag, no index and no subject holds.
    /// The limit is on the manifests that are looked at.
    async fn unheld_manifests(
        &self,
        registry: RegistryId,
        before: Timestamp,
        page: PageRequest<i64>,
    ) -> Result<Page<ImageKey, i64>, Error>;

    /// Deletes a manifest if it is still unheld, and not locked.
    async fn delete_unheld(
        &self,
        image: &ImageKey,
        before: Timestamp,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Removal, Error>;
}
