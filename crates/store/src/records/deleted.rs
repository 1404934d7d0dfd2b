//! What was deleted and can be restored for a while.
//!
//! Where a registry's rules say so, a deletion keeps the manifest with what it points to. It is out of sight for every
//! pull and list; only the calls here see it. It goes for good when its time is over. Pushing the same manifest again
//! ends its deletion.

use crate::{Actor, Error, ImageKey, Lock, Page, PageRequest, RegistryId, RepositoryKey};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, RepositoryName, Tag};

/// A manifest that was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedManifest {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// The tags that pointed at it.
    pub tags: Vec<Tag>,
    /// When it was first pushed.
    pub pushed_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// Until when it can be restored.
    pub until: Timestamp,
}

/// What became of a wish to restore something.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a restoration may have been refused"]
pub enum Restoration {
    /// It is back, with the tag if one was wanted. These are the manifests that came back: the children of an index
    /// first.
    Restored(Vec<Digest>),
    /// There is no such deleted manifest.
    Absent,
    /// The tag points at something else now, and nothing was changed.
    TagTaken,
    /// Something that it points to is gone for good.
    MissingReferences(Vec<Digest>),
    /// This is locked.
    Locked(Lock),
}

/// Deleted manifests.
#[async_trait]
pub trait Deleted: Send + Sync {
    /// The repositories of a registry that have something to restore, by name.
    async fn deleted_repositories(
        &self,
        registry: RegistryId,
        page: PageRequest<RepositoryName>,
    ) -> Result<Page<RepositoryName, RepositoryName>, Error>;

    /// What can be restored in a repository, by digest.
    async fn deleted_manifests(
        &self,
        repository: &RepositoryKey,
        page: PageRequest<Digest>,
    ) -> Result<Page<DeletedManifest, Digest>, Error>;

    /// Brings a manifest back, and tells it in history. Children of an index come back with it. With `force` a tag is
    /// taken from what it points at now. Where there is a quarantine, it begins in it, as anything that arrives.
    async fn restore_manifest(
        &self,
        image: &ImageKey,
        tag: Option<&Tag>,
        force: bool,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Restoration, Error>;

    /// Lets go for good what can no longer be restored. Returns how many manifests these were.
    async fn forget_deleted(&self, at: Timestamp) -> Result<u64, Error>;
}
