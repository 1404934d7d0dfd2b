//! The catalog: repositories, tags and manifests with everything that is known of them, as lists for people.
//!
//! What may not be listed is left out of the lists, and found by whoever knows its name.
//! Lists go by name or by time. A list by time continues after a moment and a name: the moment is part of the key, so
//! that the row it was read from may be gone.

use crate::{Actor, ChangeableAttributes, Error, Lock, Page, PageRequest, RegistryId, RepositoryKey};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, RepositoryName, Tag};

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By name: tags by their text, manifests by their digest.
    #[default]
    Name,
    /// By the moment of the last change, oldest first.
    OldestFirst,
    /// By the moment of the last change, newest first.
    NewestFirst,
}

/// A row's place in a list, whatever its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedKey<T> {
    /// When the row was last changed.
    pub at: Timestamp,
    /// Its name.
    pub name: T,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryDetails {
    /// When its oldest manifest was pushed.
    pub created_at: Timestamp,
    /// When it was last pushed to.
    pub updated_at: Timestamp,
    /// How many manifests it holds.
    pub manifests: u64,
    /// How many tags it holds.
    pub tags: u64,
    /// What may be done with it.
    pub attributes: ChangeableAttributes,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagDetails {
    /// The tag.
    pub tag: Tag,
    /// The manifest.
    pub digest: Digest,
    /// When it was first set.
    pub created_at: Timestamp,
    /// When it was last set.
    pub updated_at: Timestamp,
    /// What may be done with it. Its quarantine is that of its manifest.
    pub attributes: ChangeableAttributes,
}

/// A manifest, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestDetails {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// How many bytes the blobs of this repository have that it, or a manifest under it, points to; each once.
    pub image_size: u64,
    /// Its configuration.
    pub config: Option<Digest>,
    /// When it was first pushed.
    pub pushed_at: Timestamp,
    /// The tags that point to it, by name.
    pub tags: Vec<Tag>,
    /// What may be done with it.
    pub attributes: ChangeableAttributes,
}

/// Which tags are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagFilter {
    /// Only those that point to this manifest.
    pub digest: Option<Digest>,
    /// In which order.
    pub order: Order,
}

/// What went with a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeletedRepository {
    /// Its manifests.
    pub manifests: Vec<Digest>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// What became of the deletion of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a deletion may have been refused"]
pub enum RepositoryRemoval {
    /// It is gone.
    Removed(DeletedRepository),
    /// It was not there.
    Absent,
    /// Something in it is locked, and nothing was changed.
    Locked(Lock),
}

/// The catalog.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// The repositories of a registry that hold a manifest and may be listed, by name.
    async fn listed_repositories(
        &self,
        registry: RegistryId,
        page: PageRequest<RepositoryName>,
    ) -> Result<Page<RepositoryName, RepositoryName>, Error>;

    /// A repository, if it holds a manifest.
    async fn repository_details(
        &self,
        repository: &RepositoryKey,
    ) -> Result<Option<RepositoryDetails>, Error>;

    /// Deletes a repository with its manifests, tags, links and attributes, unless anything in it is locked.
    async fn delete_repository(
        &self,
        repository: &RepositoryKey,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<RepositoryRemoval, Error>;

    /// The tags of a repository that may be listed.
    async fn listed_tags(
        &self,
        repository: &RepositoryKey,
        filter: &TagFilter,
        page: PageRequest<TimedKey<Tag>>,
    ) -> Result<Page<TagDetails, TimedKey<Tag>>, Error>;

    /// A tag.
    async fn tag_details(&self, repository: &RepositoryKey, tag: &Tag) -> Result<Option<TagDetails>, Error>;

    /// The manifests of a repository that may be listed.
    async fn listed_manifests(
        &self,
        repository: &RepositoryKey,
        order: Order,
        page: PageRequest<TimedKey<Digest>>,
    ) -> Result<Page<ManifestDetails, TimedKey<Digest>>, Error>;

    /// A manifest.
    async fn manifest_details(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
    ) -> Result<Option<ManifestDetails>, Error>;
}
