//! Manifests: read, stored and deleted, by tag or by digest.
//!
//! The bytes are stored and served exactly as they came. A tag is nothing special, `latest` neither: every tag that a
//! request names, in the path or in the query, goes through the one storage call that also writes event and jobs.
//! `Accept` is not held against the client: it gets the type that is stored, as other registries do too. A client that
//! cannot read it says so itself, and a refusal here would hide the image from those that list it wrongly.

use crate::blob::{CONTENT_DIGEST, pass_gate};
use crate::error::RegistryError;
use crate::router::{Admitted, add, empty};
use crate::{PushedManifest, RegistryState, Site, body, conditional};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, StatusCode, header};
use oci::{Descriptor, Digest, MAXIMUM_CHILDREN, MAXIMUM_MANIFEST_BYTES, Manifest, ManifestContent};
use oci::{MediaKind, MediaType, Reference, RepositoryName, Tag};
use std::collections::HashSet;
use store::{
    Actor, PulledManifest, PushOrigin, PutManifest, PutOutcome, ReferenceKind, Removal, RepositoryKey,
};

/// Tells a client that the subject was understood, so that it need not keep a list of referrers itself.
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// Tells which tags of the query were set.
const TAG: HeaderName = HeaderName::from_static("oci-tag");
/// How many indexes may stand above each other. Real ones need two.
const MAXIMUM_DEPTH: usize = 5;
/// How many tags one push may set.
const MAXIMUM_TAGS: usize = 64;

/// GET and HEAD of a manifest.
pub(crate) async fn read(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    reference: Reference,
) -> Result<Response, RegistryError> {
    let pulled = admitted.state.store.pull_manifest(&admitted.key(&name), &reference).await?;
    let PulledManifest { manifest, lock } = pulled.ok_or(RegistryError::ManifestUnknown)?;
    if let Some(lock) = lock {
        return Err(RegistryError::Locked(lock));
    }
    let digest = manifest.digest;
    pass_gate(admitted, &name, &digest, false).await?;
    let identity = [(header::ETAG, conditional::entity_tag(&digest)), (CONTENT_DIGEST, digest.to_string())];
    if conditional::is_known(&admitted.parts.headers, &digest) {
        return Ok(empty(StatusCode::NOT_MODIFIED, identity));
    }
    let length = manifest.bytes.len().to_string();
    let content = if admitted.is_head() { Body::empty() } else { Body::from(manifest.bytes) };
    let mut response = Response::new(content);
    add(&mut response, identity);
    add(&mut response, [(header::CONTENT_TYPE, manifest.media_type), (header::CONTENT_LENGTH, length)]);
    Ok(response)
}

/// PUT of a manifest.
pub(crate) async fn put(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    reference: Reference,
    content: Body,
) -> Result<Response, RegistryError> {
    let media_type = content_type(admitted)?;
    let bytes = receive(admitted, content).await?;
    let manifest = Manifest::parse(&media_type, &bytes)?;
    let (digest, tags) = identify(admitted, reference, &bytes)?;
    check_children(admitted.state, &admitted.key(&name), &manifest).await?;
    let arrival = Arrival {
        state: admitted.state,
        site: admitted.site,
        repository: &name,
        actor: admitted.caller.actor(),
        origin: origin(&admitted.parts.headers),
    };
    let push = arrival.push(&manifest, digest.clone(), tags.clone(), bytes);
    match admitted.state.store.put_manifest(push).await? {
        PutOutcome::Stored { .. } => Ok(created(&name, &digest, &manifest, &tags)),
        PutOutcome::MissingReferences(digests) => Err(RegistryError::MissingReferences(digests)),
        PutOutcome::Locked(lock) => Err(RegistryError::Locked(lock)),
    }
}

/// DELETE of a manifest, or of a tag alone.
pub(crate) async fn delete(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    reference: Reference,
) -> Result<Response, RegistryError> {
    let Admitted { state, caller, .. } = admitted;
    let (key, actor, now) = (admitted.key(&name), caller.actor(), state.now());
    let removal = match reference {
        Reference::Tag(tag) => state.store.delete_tag(&key, &tag, &actor, now).await?,
        Reference::Digest(digest) => state.store.delete_manifest(&key, &digest, &actor, now).await?,
    };
    match removal {
        Removal::Removed => Ok(empty(StatusCode::ACCEPTED, [])),
        Removal::Absent => Err(RegistryError::ManifestUnknown),
        Removal::Locked(lock) => Err(RegistryError::Locked(lock)),
    }
}

fn content_type(admitted: &Admitted<'_>) -> Result<MediaType, RegistryError> {
    let value = admitted.parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().parse().map_err(RegistryError::ContentType)
}

async fn receive(admitted: &Admitted<'_>, content: Body) -> Result<Bytes, RegistryError> {
    let bytes = body::read(content, admitted.state.limits.body_idle, MAXIMUM_MANIFEST_BYTES).await?;
    bytes.ok_or(RegistryError::ManifestLarge)
}

/// The digest under which the bytes are stored, and the tags that shall point to it.
fn identify(
    admitted: &Admitted<'_>,
    reference: Reference,
    bytes: &Bytes,
) -> Result<(Digest, Vec<Tag>), RegistryError> {
    let named = admitted.query.first("digest").map(str::parse::<Digest>).transpose()?;
    let mut tags = admitted.query.all("tag").map(str::parse).collect::<Result<Vec<Tag>, _>>()?;
    let expected = match reference {
        Reference::Digest(digest) => Some(digest),
        Reference::Tag(tag) => {
            tags.push(tag);
            named
        }
    };
    tags.sort();
    tags.dedup();
    if tags.len() > MAXIMUM_TAGS {
        return Err(RegistryError::Query);
    }
    let Some(expected) = expected else { return Ok((Digest::of_sha256(bytes), tags)) };
    let actual = Digest::of(expected.algorithm(), bytes);
    if actual == expected {
        Ok((actual, tags))
    } else {
        Err(RegistryError::DigestMismatch { expected, actual })
    }
}

/// Holds the children of an index against what they are: a child that is listed as another type would be one thing to
/// who reads the index and another to who reads the child (attack C1). Indexes below are followed, but not for ever
/// (attack C2). A cycle cannot be: its digests would have to be known before they exist.
/// Children that are missing are left to the storage call, which sees them all in one transaction.
pub(crate) async fn check_children(
    state: &RegistryState,
    key: &RepositoryKey,
    manifest: &Manifest,
) -> Result<(), RegistryError> {
    let mut seen = HashSet::new();
    let mut level: Vec<Descriptor> = manifest.children().to_vec();
    for _ in 0..MAXIMUM_DEPTH {
        let mut below = Vec::new();
        for child in level {
            if !seen.insert(child.digest.clone()) {
                continue;
            }
            let Some(stored) = state.store.manifest(key, &child.digest).await? else { continue };
            let same_type = stored
                .media_type
                .parse::<MediaType>()
                .is_ok_and(|stored| stored.essence() == child.media_type.essence());
            if !same_type || stored.bytes.len() as u64 != child.size {
                return Err(RegistryError::ChildDiffers { digest: child.digest });
            }
            if child.media_type.kind() == MediaKind::ImageIndex {
                below.extend_from_slice(Manifest::parse(&child.media_type, &stored.bytes)?.children());
            }
        }
        if below.is_empty() {
            return Ok(());
        }
        if below.len() > MAXIMUM_CHILDREN {
            return Err(RegistryError::Nesting);
        }
        level = below;
    }
    Err(RegistryError::Nesting)
}

/// A manifest that arrives in a repository, by a push or on another way.
pub(crate) struct Arrival<'a> {
    pub(crate) state: &'a RegistryState,
    pub(crate) site: &'a Site,
    pub(crate) repository: &'a RepositoryName,
    pub(crate) actor: Actor,
    pub(crate) origin: PushOrigin,
}

impl Arrival<'_> {
    /// What is stored, with the jobs that it asks for.
    pub(crate) fn push(
        self,
        manifest: &Manifest,
        digest: Digest,
        tags: Vec<Tag>,
        bytes: Bytes,
    ) -> PutManifest {
        let Self { state, site, repository, actor, origin } = self;
        let at = state.now();
        let jobs = (state.after_push)(&PushedManifest { site, repository, digest: &digest, manifest, at });
        let config = match manifest.content() {
            ManifestContent::Image(image) => Some(image.config.digest.clone()),
            ManifestContent::Index(_) | ManifestContent::Other { .. } => None,
        };
        PutManifest {
            repository: RepositoryKey { registry: site.registry.id, name: repository.clone() },
            digest,
            media_type: manifest.media_type().as_str().to_owned(),
            bytes,
            artifact_type: manifest.artifact_type().map(|kind| kind.as_str().to_owned()),
            subject: manifest.subject().map(|subject| subject.digest.clone()),
            config,
            annotations: manifest.annotations().clone(),
            tags,
            references: references(manifest),
            jobs,
            actor,
            origin,
            at,
        }
    }
}

/// A program may call itself what it likes, within reason: it stands in history and in what webhooks are told.
const LONGEST_NAME: usize = 256;

/// Which request this is, as far as it tells.
fn origin(headers: &HeaderMap) -> PushOrigin {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = text("x-ms-client-request-id").or_else(|| text("x-request-id"));
    PushOrigin {
        user_agent: text("user-agent").map(|name| name.chars().take(LONGEST_NAME).collect()),
        request: number.and_then(|number| number.parse().ok()),
    }
}

/// What has to be in the repository. Foreign layers lie elsewhere and need not be here.
pub(crate) fn references(manifest: &Manifest) -> Vec<store::Reference> {
    let blobs = manifest.blobs().into_iter().map(|blob| store::Reference {
        kind: ReferenceKind::Blob,
        digest: blob.digest.clone(),
        required: !blob.is_foreign(),
    });
    let children = manifest.children().iter().map(|child| store::Reference {
        kind: ReferenceKind::Manifest,
        digest: child.digest.clone(),
        required: true,
    });
    blobs.chain(children).collect()
}

fn created(name: &RepositoryName, digest: &Digest, manifest: &Manifest, tags: &[Tag]) -> Response {
    let location = format!("/v2/{name}/manifests/{digest}");
    let headers = [(header::LOCATION, location), (CONTENT_DIGEST, digest.to_string())];
    let mut response = empty(StatusCode::CREATED, headers);
    if let Some(subject) = manifest.subject() {
        add(&mut response, [(SUBJECT, subject.digest.to_string())]);
    }
    for tag in tags {
        add(&mut response, [(TAG, tag.as_str().to_owned())]);
    }
    response
}
