//! Uploads: begun, continued, asked about, ended or given up.
//!
//! A session belongs to one repository and one person and has an id of 128 random bits; anybody else does not find it
//! (attack C7). Where an upload stands is what the blob storage says: those bytes survive a restart, so that an upload
//! continues behind them. A blob becomes visible after its digest was checked, and not before.

use crate::PushedBlob;
use crate::blob::CONTENT_DIGEST;
use crate::body;
use crate::error::RegistryError;
use crate::mount::mount;
use crate::range::{self, Part};
use crate::router::{Admitted, empty};
use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::header::HeaderName;
use http::{StatusCode, header};
use oci::{Digest, RepositoryName};
use store::{AttributeTarget, Lock, Switch, UploadId, UploadSession};

/// The id of an upload, in the header that clients know.
pub(crate) const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// How `Range` tells what was received. Nothing received is written `0-0`, as every registry does.
pub(crate) fn received(offset: u64) -> String {
    format!("0-{}", offset.saturating_sub(1))
}

fn location(name: &RepositoryName, upload: UploadId) -> String {
    format!("/v2/{name}/blobs/uploads/{upload}")
}

/// POST: mounts a blob, takes a whole blob at once, or begins a session.
pub(crate) async fn start(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    body: Body,
) -> Result<Response, RegistryError> {
    refuse_if_locked(admitted, &name).await?;
    if let Some(digest) = admitted.query.first("mount") {
        let digest: Digest = digest.parse()?;
        if mount(admitted, &name, admitted.query.first("from"), &digest).await? {
            return Ok(created(&name, &digest));
        }
        return Ok(progress(StatusCode::ACCEPTED, &name, begin(admitted, &name).await?, 0));
    }
    let digest = admitted.query.first("digest").map(str::parse::<Digest>).transpose()?;
    let upload = begin(admitted, &name).await?;
    let Some(digest) = digest else {
        return Ok(progress(StatusCode::ACCEPTED, &name, upload, 0));
    };
    let session = find(admitted, &name, upload).await?;
    match complete(admitted, &name, &session, &digest, body).await {
        Ok(response) => Ok(response),
        Err(error) => {
            // Nobody knows this session, so nobody could continue it.
            discard(admitted, upload).await?;
            Err(error)
        }
    }
}

/// GET: how far it is.
pub(crate) async fn status(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    upload: UploadId,
) -> Result<Response, RegistryError> {
    let session = find(admitted, &name, upload).await?;
    let offset = admitted.state.blobs.offset(session.upload).await?;
    Ok(progress(StatusCode::NO_CONTENT, &name, upload, offset))
}

/// PATCH: the next bytes.
pub(crate) async fn append(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    upload: UploadId,
    body: Body,
) -> Result<Response, RegistryError> {
    let session = find(admitted, &name, upload).await?;
    let offset = receive(admitted, &name, &session, body).await?;
    Ok(progress(StatusCode::ACCEPTED, &name, upload, offset))
}

/// PUT: the last bytes, if there are any left, and the digest of all.
pub(crate) async fn finish(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    upload: UploadId,
    body: Body,
) -> Result<Response, RegistryError> {
    let digest = admitted.query.first("digest").ok_or(RegistryError::Parameter("digest"))?;
    let digest: Digest = digest.parse()?;
    let session = find(admitted, &name, upload).await?;
    complete(admitted, &name, &session, &digest, body).await
}

/// DELETE: nobody wants it any more.
pub(crate) async fn cancel(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    upload: UploadId,
) -> Result<Response, RegistryError> {
    let session = find(admitted, &name, upload).await?;
    discard(admitted, session.upload).await?;
    Ok(empty(StatusCode::NO_CONTENT, []))
}

/// Refuses an upload whose manifest would be refused. That one decides; this spares the client sending the layers.
async fn refuse_if_locked(admitted: &Admitted<'_>, name: &RepositoryName) -> Result<(), RegistryError> {
    let target = AttributeTarget::Repository;
    let attributes = admitted.state.store.attributes(&admitted.key(name), &target).await?;
    match attributes {
        Some(attributes) if !attributes.write => {
            Err(RegistryError::Locked(Lock { target, switch: Switch::Write }))
        }
        Some(_) | None => Ok(()),
    }
}

async fn begin(admitted: &Admitted<'_>, name: &RepositoryName) -> Result<UploadId, RegistryError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(RegistryError::Random)?;
    let upload = UploadId::from_random(random);
    let Admitted { state, caller, .. } = admitted;
    state.blobs.begin(upload).await?;
    state.store.create_upload(upload, &admitted.key(name), &caller.actor(), state.now()).await?;
    Ok(upload)
}

async fn find(
    admitted: &Admitted<'_>,
    name: &RepositoryName,
    upload: UploadId,
) -> Result<UploadSession, RegistryError> {
    let Admitted { state, caller, .. } = admitted;
    let session = state.store.upload(upload, &admitted.key(name), &caller.actor()).await?;
    session.ok_or(RegistryError::UploadUnknown)
}

async fn discard(admitted: &Admitted<'_>, upload: UploadId) -> Result<(), RegistryError> {
    admitted.state.store.remove_upload(upload).await?;
    Ok(admitted.state.blobs.cancel(upload).await?)
}

/// Appends a body, which has to begin where the upload stands, and returns where it stands then.
async fn receive(
    admitted: &Admitted<'_>,
    name: &RepositoryName,
    session: &UploadSession,
    content: Body,
) -> Result<u64, RegistryError> {
    let state = admitted.state;
    let offset = state.blobs.offset(session.upload).await?;
    let chunk = match admitted.parts.headers.get(header::CONTENT_RANGE) {
        Some(value) => Some(range::chunk(value).ok_or(RegistryError::ContentRange)?),
        None => None,
    };
    if let Some(chunk) = chunk {
        check_chunk(name, session.upload, offset, chunk, &content)?;
    }
    // A chunk that is longer than it says ends at its limit, and one that is shorter does not reach its end.
    let limit = chunk.map_or(state.limits.blob_bytes, |chunk| state.limits.blob_bytes.min(chunk.last + 1));
    let pieces = body::incoming(content, state.limits.body_idle);
    let appended = state.blobs.append(session.upload, offset, pieces, limit).await;
    // Also after a broken body: what did arrive was kept.
    let stands = state.blobs.offset(session.upload).await?;
    state.store.advance_upload(session.upload, session.offset, stands, state.now()).await?;
    let reached = appended?;
    match chunk {
        Some(chunk) if chunk.last + 1 != reached => Err(RegistryError::ChunkLength),
        Some(_) | None => Ok(reached),
    }
}

fn check_chunk(
    name: &RepositoryName,
    upload: UploadId,
    offset: u64,
    chunk: Part,
    content: &Body,
) -> Result<(), RegistryError> {
    if chunk.first != offset {
        let (location, upload) = (location(name, upload), upload.to_string());
        return Err(RegistryError::OutOfOrder { location, upload, offset });
    }
    match content.size_hint().exact() {
        Some(length) if length != chunk.length() => Err(RegistryError::ChunkLength),
        Some(_) | None => Ok(()),
    }
}

/// Appends what is left, checks the digest, and shows the blob in the repository.
async fn complete(
    admitted: &Admitted<'_>,
    name: &RepositoryName,
    session: &UploadSession,
    digest: &Digest,
    content: Body,
) -> Result<Response, RegistryError> {
    let state = admitted.state;
    if !content.is_end_stream() {
        receive(admitted, name, session, content).await?;
    }
    let _shared = state.publication.read().await;
    let size = match state.blobs.finish(session.upload, digest).await {
        Ok(size) => size,
        Err(error) => {
            if matches!(error, store::BlobError::DigestMismatch { .. }) {
                discard(admitted, session.upload).await?;
            }
            return Err(error.into());
        }
    };
    state.store.link_blob(&admitted.key(name), digest, size, state.now()).await?;
    (state.after_blob)(&PushedBlob { site: admitted.site, digest, size });
    state.store.remove_upload(session.upload).await?;
    Ok(created(name, digest))
}

fn created(name: &RepositoryName, digest: &Digest) -> Response {
    let location = format!("/v2/{name}/blobs/{digest}");
    let digest = digest.to_string();
    empty(StatusCode::CREATED, [(header::LOCATION, location), (CONTENT_DIGEST, digest)])
}

fn progress(status: StatusCode, name: &RepositoryName, upload: UploadId, offset: u64) -> Response {
    empty(
        status,
        [
            (header::LOCATION, location(name, upload)),
            (header::RANGE, received(offset)),
            (UPLOAD_ID, upload.to_string()),
        ],
    )
}
