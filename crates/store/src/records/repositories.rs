//! Repositories, and which blobs each of them may show.
//!
//! A blob is visible in a repository only through a link. That the bytes are stored for another repository is
//! never enough: a digest is no secret, and knowing one must not open the content behind it.

use crate::{Error, Page, PageRequest, RegistryId, Removal, RepositoryKey};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, RepositoryName};

/// Repositories and their blobs.
#[async_trait]
pub trait Repositories: Send + Sync {
    /// The repositories of a registry that hold at least one manifest, by name.
    async fn repositories(
        &self,
        registry: RegistryId,
        page: PageRequest<RepositoryName>,
    ) -> Result<Page<RepositoryName, RepositoryName>, Error>;

    /// Whether a repository holds at least one manifest.
    async fn repository_exists(&self, repository: &RepositoryKey) -> Result<bool, Error>;

    /// The size of a blob, if the repository has a link to it.
    async fn blob(&self, repository: &RepositoryKey, digest: &Digest) -> Result<Option<u64>, Error>;

    /// Links a stored blob to a repository. Linking again is no error.
    async fn link_blob(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
        size: u64,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// Links a blob of one repository to another, and returns its size; none if `from` has no link to it.
    async fn mount_blob(
        &self,
        from: &RepositoryKey,
        to: &RepositoryKey,
        digest: &Digest,
        at: Timestamp,
    ) -> Result<Option<u64>, Error>;

    /// Takes a link away, unless the repository or a manifest that points to the blob is locked.
    async fn unlink_blob(&self, repository: &RepositoryKey, digest: &Digest) -> Result<Removal, Error>;

    /// Whether any repository has a link to a blob; if none has, its bytes may be deleted.
    async fn blob_is_linked(&self, digest: &Digest) -> Result<bool, Error>;
}
