//! Blobs: read, in whole or in part, and taken out of a repository.
//!
//! A blob is visible in a repository through a link alone. The same digest in another repository is no reason to show
//! it here (attacks C5 and C6); absent and invisible are one answer.

use crate::collection::{RENEWED_AFTER, delete_unlinked};
use crate::error::RegistryError;
use crate::range::{self, Part, Requested};
use crate::router::{Admitted, add, empty};
use crate::{Passage, Pull, body, conditional};
use axum::body::Body;
use axum::response::Response;
use http::header::HeaderName;
use http::{StatusCode, header};
use jiff::Timestamp;
use oci::{Digest, RepositoryName};
use std::io;
use store::{PulledBlob, Removal};

/// The digest of what an answer is about.
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// GET and HEAD of a blob.
pub(crate) async fn read(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    digest: Digest,
) -> Result<Response, RegistryError> {
    let pulled = admitted.state.store.pull_blob(&admitted.key(&name), &digest).await?;
    let PulledBlob { size, lock, unneeded_since } = pulled.ok_or(RegistryError::BlobUnknown)?;
    // HEAD tells a size and nothing else, and whoever pushes needs it.
    if !admitted.is_head() {
        if let Some(lock) = lock {
            return Err(RegistryError::Locked(lock));
        }
        pass_gate(admitted, &name, &digest, true).await?;
    }
    rely_on(admitted, &name, &digest, unneeded_since).await?;
    let headers = &admitted.parts.headers;
    if conditional::is_known(headers, &digest) {
        return Ok(empty(
            StatusCode::NOT_MODIFIED,
            [(header::ETAG, conditional::entity_tag(&digest)), (CONTENT_DIGEST, digest.to_string())],
        ));
    }
    match range::requested(conditional::range(headers, &digest), size) {
        Requested::Unsatisfiable => Err(RegistryError::RangeUnsatisfiable { size }),
        Requested::Whole => send(admitted, &digest, size, None).await,
        Requested::Part(part) => send(admitted, &digest, size, Some(part)).await,
    }
}

/// Who is told that a blob is here will not send it: a link that could be collected is renewed, or is gone already.
async fn rely_on(
    admitted: &Admitted<'_>,
    name: &RepositoryName,
    digest: &Digest,
    unneeded_since: Option<Timestamp>,
) -> Result<(), RegistryError> {
    let now = admitted.state.now();
    let Some(since) = unneeded_since else { return Ok(()) };
    if now.duration_since(since) < RENEWED_AFTER {
        return Ok(());
    }
    let is_there = admitted.state.store.renew_link(&admitted.key(name), digest, now).await?;
    if is_there { Ok(()) } else { Err(RegistryError::BlobUnknown) }
}

async fn send(
    admitted: &Admitted<'_>,
    digest: &Digest,
    size: u64,
    part: Option<Part>,
) -> Result<Response, RegistryError> {
    let length = part.map_or(size, Part::length);
    let content = match part.or_else(|| size.checked_sub(1).map(|last| Part { first: 0, last })) {
        Some(part) if !admitted.is_head() => open(admitted, digest, part).await?,
        Some(_) | None => Body::empty(),
    };
    let mut response = Response::new(content);
    add(
        &mut response,
        [
            (header::CONTENT_TYPE, "application/octet-stream".into()),
            (header::CONTENT_LENGTH, length.to_string()),
            (header::ACCEPT_RANGES, "bytes".into()),
            (header::ETAG, conditional::entity_tag(digest)),
            (CONTENT_DIGEST, digest.to_string()),
        ],
    );
    if let Some(Part { first, last }) = part {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        add(&mut response, [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}"))]);
    }
    Ok(response)
}

async fn open(admitted: &Admitted<'_>, digest: &Digest, part: Part) -> Result<Body, RegistryError> {
    let lost = || RegistryError::BlobLost { digest: digest.clone() };
    let blob = admitted.state.blobs.open(digest).await?.ok_or_else(lost)?;
    body::outgoing(blob, part).await.map_err(|error: io::Error| {
        RegistryError::Blobs(store::BlobError::Storage { action: "read a blob", source: error })
    })
}

/// Asks the gate.
pub(crate) async fn pass_gate(
    admitted: &Admitted<'_>,
    repository: &RepositoryName,
    digest: &Digest,
    is_blob: bool,
) -> Result<(), RegistryError> {
    let principal = &admitted.caller.principal;
    let pull = Pull { site: admitted.site, repository, digest, is_blob, principal };
    match admitted.state.gate.may_pull(pull).await {
        Passage::Allowed => Ok(()),
        Passage::Held { reason } => Err(RegistryError::Held(reason)),
    }
}

/// DELETE of a blob: the link goes, and the bytes with the last link.
pub(crate) async fn delete(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    digest: Digest,
) -> Result<Response, RegistryError> {
    let state = admitted.state;
    match state.store.unlink_blob(&admitted.key(&name), &digest).await? {
        Removal::Removed => {}
        Removal::Absent => return Err(RegistryError::BlobUnknown),
        Removal::Locked(lock) => return Err(RegistryError::Locked(lock)),
    }
    delete_unlinked(state, &digest).await?;
    Ok(empty(StatusCode::ACCEPTED, [(CONTENT_DIGEST, digest.to_string())]))
}
