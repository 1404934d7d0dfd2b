//! Attaching: a document about an image, stored beside it as its referrer.
//!
//! This is what a client does that pushes an artifact with a subject, in one call: the document becomes a blob, and a
//! manifest says what it is and what it is about. The same document about the same subject gives the same manifest, so
//! that attaching it twice attaches it once.

use crate::manifest::references;
use crate::{PushedManifest, RegistryState, Site};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use oci::{Digest, Manifest, MediaType, RepositoryName};
use serde_json::json;
use std::collections::BTreeMap;
use store::{Actor, Lock, PutManifest, PutOutcome, RepositoryKey, UploadId};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The configuration of an artifact that has none, as the image specification defines it.
const EMPTY_MEDIA_TYPE: &str = "application/vnd.oci.empty.v1+json";
const EMPTY: &[u8] = b"{}";

/// A document that is to stand beside an image.
#[derive(Debug, Clone)]
pub struct Attachment<'a> {
    /// The manifest that it is about. It has to be in the repository.
    pub subject: &'a Digest,
    /// What it is; also the media type of its bytes.
    pub media_type: &'a str,
    /// Its name as a file.
    pub title: &'a str,
    /// When it was made: `2026-11-24T08:30:00Z`.
    pub created: &'a str,
    /// Its bytes.
    pub content: Bytes,
}

/// Why a document could not be attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// There is nothing that it could be attached to.
    #[error("the image is not in the repository any more")]
    SubjectGone,
    /// The repository, or the document that stands there already, is locked.
    #[error("the repository may not be written now; unlock it first")]
    Locked(Lock),
    /// The random bits of the upload could not be drawn.
    #[error("the system gave no random bits")]
    Random,
    /// Our own manifest broke a rule.
    #[error("the document cannot be described")]
    Manifest(#[from] oci::ManifestError),
    /// Its media type is none.
    #[error("the document has no media type")]
    MediaType,
    /// The records failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The blobs failed.
    #[error(transparent)]
    Blobs(#[from] store::BlobError),
}

/// Stores a document beside an image, and returns the digest of its manifest. The caller has seen to it that `actor`
/// may push to the repository.
///
/// # Errors
/// When the image is gone, the repository is locked, or the storage fails.
pub async fn attach(
    state: &RegistryState,
    site: &Site,
    name: &RepositoryName,
    attachment: Attachment<'_>,
    actor: Actor,
) -> Result<Digest, AttachError> {
    let key = RepositoryKey { registry: site.registry.id, name: name.clone() };
    let subject = state.store.manifest(&key, attachment.subject).await?.ok_or(AttachError::SubjectGone)?;
    // Blob and link become visible together for whoever collects what is not linked.
    let _shared = state.publication.read().await;
    let empty = put_blob(state, &key, &actor, Bytes::from_static(EMPTY)).await?;
    let content = put_blob(state, &key, &actor, attachment.content.clone()).await?;
    let document = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": attachment.media_type,
        "config": { "mediaType": EMPTY_MEDIA_TYPE, "digest": empty.to_string(), "size": EMPTY.len() },
        "layers": [{
            "mediaType": attachment.media_type,
            "digest": content.to_string(),
            "size": attachment.content.len(),
            "annotations": { "org.opencontainers.image.title": attachment.title },
        }],
        "subject": {
            "mediaType": subject.media_type,
            "digest": attachment.subject.to_string(),
            "size": subject.bytes.len(),
        },
        "annotations": { "org.opencontainers.image.created": attachment.created },
    });
    let media_type: MediaType = MANIFEST.parse().map_err(|_| AttachError::MediaType)?;
    let bytes = Bytes::from(document.to_string());
    let manifest = Manifest::parse(&media_type, &bytes)?;
    let digest = Digest::of_sha256(&bytes);
    let at = state.now();
    let push = PutManifest {
        repository: key,
        jobs: (state.after_push)(&PushedManifest {
            site,
            repository: name,
            digest: &digest,
            manifest: &manifest,
            at,
        }),
        digest: digest.clone(),
        media_type: MANIFEST.to_owned(),
        bytes,
        artifact_type: Some(attachment.media_type.to_owned()),
        subject: Some(attachment.subject.clone()),
        config: Some(empty),
        annotations: BTreeMap::from([(
            "org.opencontainers.image.created".to_owned(),
            attachment.created.to_owned(),
        )]),
        tags: Vec::new(),
        references: references(&manifest),
        actor,
        origin: store::PushOrigin::default(),
        at,
    };
    match state.store.put_manifest(push).await? {
        PutOutcome::Stored { .. } => Ok(digest),
        PutOutcome::MissingReferences(_) => Err(AttachError::SubjectGone),
        PutOutcome::Locked(lock) => Err(AttachError::Locked(lock)),
    }
}

async fn put_blob(
    state: &RegistryState,
    key: &RepositoryKey,
    actor: &Actor,
    content: Bytes,
) -> Result<Digest, AttachError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| AttachError::Random)?;
    let upload = UploadId::from_random(random);
    let digest = Digest::of_sha256(&content);
    let limit = content.len() as u64;
    state.blobs.begin(upload).await?;
    // A session, so that what a crash leaves is collected like any other upload.
    state.store.create_upload(upload, key, actor, state.now()).await?;
    let pieces = stream::iter([Ok(content)]).boxed();
    let stored = async {
        state.blobs.append(upload, 0, pieces, limit).await?;
        state.blobs.finish(upload, &digest).await
    };
    let stored = stored.await;
    if stored.is_err() {
        state.blobs.cancel(upload).await?;
    }
    let size = match stored {
        Ok(size) => size,
        Err(error) => {
            state.store.remove_upload(upload).await?;
            return Err(error.into());
        }
    };
    state.store.link_blob(key, &digest, size, state.now()).await?;
    state.store.remove_upload(upload).await?;
    Ok(digest)
}
