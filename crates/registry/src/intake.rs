//! Content that arrives on another way than by a push: from an import.
//!
//! It goes through the same checks and the same storage calls as a push, so that nothing is here that could not have
//! been pushed.

use crate::error::RegistryError;
use crate::manifest::{Arrival, check_children};
use crate::{PushedBlob, RegistryState, Site};
use bytes::Bytes;
use oci::{Digest, Manifest, MediaType, RepositoryName, Tag};
use std::sync::Arc;
use store::{Actor, BlobError, ByteStream, PushOrigin, PutOutcome, RepositoryKey, UploadId};

/// Why something did not arrive.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct IntakeError {
    message: String,
    is_lasting: bool,
}

impl IntakeError {
    /// Whether it will not go better the next time.
    pub fn is_lasting(&self) -> bool {
        self.is_lasting
    }
}

impl From<RegistryError> for IntakeError {
    fn from(error: RegistryError) -> Self {
        let is_lasting = !error.status().is_server_error();
        Self { message: error.to_string(), is_lasting }
    }
}

/// Where the blobs and manifests are that a manifest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// They have to be here.
    Here,
    /// They stay in another registry: this one is attached.
    Elsewhere,
}

impl Content {
    /// What brings such manifests, as history shows it.
    fn program(self) -> &'static str {
        match self {
            Self::Here => "lazaretto import",
            Self::Elsewhere => "lazaretto attached",
        }
    }
}

/// Takes content into one registry, in somebody's name.
pub struct Intake {
    state: RegistryState,
    site: Arc<Site>,
    actor: Actor,
}

impl Intake {
    /// An intake. Whether `actor` may push is for the caller to know.
    pub fn new(state: RegistryState, site: Arc<Site>, actor: Actor) -> Self {
        Self { state, site, actor }
    }

    fn key(&self, repository: &RepositoryName) -> RepositoryKey {
        RepositoryKey { registry: self.site.registry.id, name: repository.clone() }
    }

    /// Whether a repository has a blob. If it has, it keeps it for as long as a push may take.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn has_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, IntakeError> {
        let renewed = self.state.store.renew_link(&self.key(repository), digest, self.state.now()).await;
        Ok(renewed.map_err(RegistryError::from)?)
    }

    /// Takes a blob over from a repository of any registry here. `false` if that has none.
    ///
    /// # Errors
    /// When the rules of the registry forbid it, or the records fail.
    pub async fn mount(
        &self,
        from: &RepositoryKey,
        to: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, IntakeError> {
        let mounted = self.state.store.mount_blob(from, &self.key(to), digest, self.state.now()).await;
        Ok(mounted.map_err(RegistryError::from)?.is_some())
    }

    /// Begins a blob.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn begin(&self) -> Result<UploadId, IntakeError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(RegistryError::Random)?;
        let upload = UploadId::from_random(random);
        self.state.blobs.begin(upload).await.map_err(RegistryError::from)?;
        Ok(upload)
    }

    /// Appends to a blob, up to a length of the whole. Returns where it stands, and whether the bytes broke off: then
    /// it can go on from there.
    ///
    /// # Errors
    /// When there are more bytes than the length, or the storage fails.
    pub async fn append(
        &self,
        upload: UploadId,
        offset: u64,
        bytes: ByteStream<'_>,
        length: u64,
    ) -> Result<(u64, bool), IntakeError> {
        match self.state.blobs.append(upload, offset, bytes, length).await {
            Ok(offset) => Ok((offset, false)),
            Err(BlobError::Body { offset, .. }) => Ok((offset, true)),
            Err(error) => Err(RegistryError::from(error).into()),
        }
    }

    /// Ends a blob, which has to have this digest, and shows it in a repository.
    ///
    /// # Errors
    /// When it is another one, the rules of the registry forbid it, or the storage fails.
    pub async fn finish(
        &self,
        upload: UploadId,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<(), IntakeError> {
        let _shared = self.state.publication.read().await;
        let size = self.state.blobs.finish(upload, digest).await.map_err(RegistryError::from)?;
        let linked = self.state.store.link_blob(&self.key(repository), digest, size, self.state.now()).await;
        linked.map_err(RegistryError::from)?;
        (self.state.after_blob)(&PushedBlob { site: &self.site, digest, size });
        Ok(())
    }

    /// Gives a blob up.
    pub async fn cancel(&self, upload: UploadId) {
        // What is left is collected later.
        let _ = self.state.blobs.cancel(upload).await;
    }

    /// Stores a manifest under tags, with everything that a push asks for.
    ///
    /// # Errors
    /// When a push of it would be refused, or the records fail.
    pub async fn manifest(
        &self,
        repository: &RepositoryName,
        media_type: &str,
        digest: &Digest,
        bytes: Bytes,
        tags: Vec<Tag>,
        content: Content,
    ) -> Result<(), IntakeError> {
        let media_type: MediaType = media_type.parse().map_err(RegistryError::ContentType)?;
        let manifest = Manifest::parse(&media_type, &bytes).map_err(RegistryError::from)?;
        let key = self.key(repository);
        check_children(&self.state, &key, &manifest).await?;
        let arrival = Arrival {
            state: &self.state,
            site: &self.site,
            repository,
            actor: self.actor.clone(),
            origin: PushOrigin { user_agent: Some(content.program().to_owned()), request: None },
        };
        let mut push = arrival.push(&manifest, digest.clone(), tags, bytes);
        for reference in &mut push.references {
            reference.required &= content == Content::Here;
        }
        let stored = self.state.store.put_manifest(push).await.map_err(RegistryError::from)?;
        match stored {
            PutOutcome::Stored { .. } => Ok(()),
            PutOutcome::MissingReferences(digests) => Err(RegistryError::MissingReferences(digests).into()),
            PutOutcome::Locked(lock) => Err(RegistryError::Locked(lock).into()),
        }
    }
}
