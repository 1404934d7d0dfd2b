//! Manifests and tags: what a push leaves behind, in one transaction.

use crate::{Actor, Error, Lock, NewJob, Page, PageRequest, Removal, RepositoryKey};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use oci::{Digest, Tag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a manifest points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// A blob: a layer or a configuration.
    Blob,
    /// Another manifest: a child of an index.
    Manifest,
}

/// One thing that a manifest points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What it is.
    pub kind: ReferenceKind,
    /// Its digest.
    pub digest: Digest,
    /// Whether the push is refused if it is missing. Foreign layers, for example, need not be here.
    pub required: bool,
}

/// A push.
#[derive(Debug, Clone, PartialEq)]
pub struct PutManifest {
    /// Where to.
    pub repository: RepositoryKey,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The media type, as the client sent it.
    pub media_type: String,
    /// The bytes, exactly.
    pub bytes: Bytes,
    /// The artifact type by the rules of the referrers list, if there is one.
    pub artifact_type: Option<String>,
    /// What this manifest is about, if it says so. It need not exist.
    pub subject: Option<Digest>,
    /// The configuration, if it has one.
    pub config: Option<Digest>,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
    /// The tags to set; empty for a push by digest.
    pub tags: Vec<Tag>,
    /// What it points to.
    pub references: Vec<Reference>,
    /// What has to be done now that it is here.
    pub jobs: Vec<NewJob>,
    /// Who pushes.
    pub actor: Actor,
    /// The request that pushes.
    pub origin: PushOrigin,
    /// Now.
    pub at: Timestamp,
}

/// Which request did something, as far as it tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushOrigin {
    /// The name of the program that sent it, as it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The number of the request, by which logs are matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Uuid>,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a push may have been refused"]
pub enum PutOutcome {
    /// It is stored, durably.
    Stored {
        /// Whether the repository did not have this manifest before.
        created: bool,
    },
    /// Nothing was stored: the repository lacks these.
    MissingReferences(Vec<Digest>),
    /// Nothing was stored: this is locked.
    Locked(Lock),
}

/// A stored manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its digest.
    pub digest: Digest,
    /// Its media type, as it was pushed.
    pub media_type: String,
    /// Its bytes, exactly as they were pushed.
    pub bytes: Bytes,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// What it is about.
    pub subject: Option<Digest>,
    /// Its configuration.
    pub config: Option<Digest>,
    /// When it was first pushed to this repository.
    pub pushed_at: Timestamp,
}

/// A stored manifest in a listing, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestSummary {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// What it is about.
    pub subject: Option<Digest>,
    /// Its configuration.
    pub config: Option<Digest>,
    /// When it was first pushed to this repository.
    pub pushed_at: Timestamp,
    /// The tags that point to it, by name.
    pub tags: Vec<Tag>,
}

/// A manifest that is about another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// A tag with what it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// The tag.
    pub tag: Tag,
    /// The manifest.
    pub digest: Digest,
    /// When the tag was first set.
    pub created_at: Timestamp,
    /// When it was last set.
    pub updated_at: Timestamp,
}

/// Manifests and tags of repositories.
#[async_trait]
pub trait Manifests: Send + Sync {
    /// Stores a manifest with its references, tags, event and jobs in one transaction, unless it, one of the tags or
    /// the repository is locked.
    async fn put_manifest(&self, push: PutManifest) -> Result<PutOutcome, Error>;

    /// A manifest by its digest.
    async fn manifest(&self, repository: &RepositoryKey, digest: &Digest) -> Result<Option<Manifest>, Error>;

    /// The manifests of a repository, by digest.
    async fn manifests(
        &self,
        repository: &RepositoryKey,
        page: PageRequest<Digest>,
    ) -> Result<Page<ManifestSummary, Digest>, Error>;

    /// Deletes a manifest, the tags that point to it and its image summary, unless one of these is locked.
    async fn delete_manifest(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Removal, Error>;

    /// Manifests that point to this one as their child, by digest: the indexes that an image is part of.
    async fn parents(&self, repository: &RepositoryKey, digest: &Digest) -> Result<Vec<Digest>, Error>;

    /// Manifests that are about a subject, by digest; only those of one artifact type where one is given.
    async fn referrers(
        &self,
        repository: &RepositoryKey,
        subject: &Digest,
        artifact_type: Option<&str>,
        page: PageRequest<Digest>,
    ) -> Result<Page<Referrer, Digest>, Error>;

    /// What a tag points to.
    async fn resolve_tag(&self, repository: &RepositoryKey, tag: &Tag) -> Result<Option<Digest>, Error>;

    /// The tags of a repository, by name.
    async fn tags(
        &self,
        repository: &RepositoryKey,
        page: PageRequest<Tag>,
    ) -> Result<Page<Tagged, Tag>, Error>;

    /// Takes a tag away, unless it is locked; the manifest stays.
    async fn delete_tag(
        &self,
        repository: &RepositoryKey,
        tag: &Tag,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Removal, Error>;
}
