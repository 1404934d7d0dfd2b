//! The metadata API, `/acr/v1/…`: what is known of repositories, tags and manifests, and what may be done with them.
//!
//! Azure's registry has this API beside the distribution API, and its clients list, lock and delete by it.
//! Lists come in pages, in the order of names or of time; `Link` points to the next one. Its `at` is ours: the moment of
//! the last row, by which a list in the order of time goes on even if that row is gone by then.

mod attribute;
mod document;
mod listing;

use crate::error::RegistryError;
use crate::router::{Admitted, json};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use oci::{Digest, RepositoryName, Tag};
use serde_json::json;
use store::{AttributeTarget, Removal, RepositoryRemoval};

pub(crate) use listing::{manifests, tags};

/// GET of a repository.
pub(crate) async fn repository(
    admitted: &Admitted<'_>,
    name: RepositoryName,
) -> Result<Response, RegistryError> {
    let details = admitted.state.store.repository_details(&admitted.key(&name)).await?;
    let details = details.ok_or(RegistryError::RepositoryUnknown)?;
    Ok(json(&document::repository(admitted.site, &name, &details)))
}

/// PATCH of a repository.
pub(crate) async fn change_repository(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    body: Body,
) -> Result<Response, RegistryError> {
    let unknown = RegistryError::RepositoryUnknown;
    attribute::change(admitted, &name, AttributeTarget::Repository, body, unknown).await?;
    repository(admitted, name).await
}

/// DELETE of a repository.
pub(crate) async fn delete_repository(
    admitted: &Admitted<'_>,
    name: RepositoryName,
) -> Result<Response, RegistryError> {
    let Admitted { state, caller, .. } = admitted;
    match state.store.delete_repository(&admitted.key(&name), &caller.actor(), state.now()).await? {
        RepositoryRemoval::Removed(deleted) => {
            let answer = json!({ "manifestsDeleted": deleted.manifests, "tagsDeleted": deleted.tags });
            Ok((StatusCode::ACCEPTED, json(&answer)).into_response())
        }
        RepositoryRemoval::Absent => Err(RegistryError::RepositoryUnknown),
        RepositoryRemoval::Locked(lock) => Err(RegistryError::Locked(lock)),
    }
}

/// GET of a tag.
pub(crate) async fn tag(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    tag: Tag,
) -> Result<Response, RegistryError> {
    let details = admitted.state.store.tag_details(&admitted.key(&name), &tag).await?;
    let Some(details) = details else {
        return Err(absent(admitted, &name, RegistryError::TagUnknown).await?);
    };
    let mut answer = document::head(admitted.site, &name);
    answer["tag"] = document::tag(&details);
    Ok(json(&answer))
}

/// PATCH of a tag.
pub(crate) async fn change_tag(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    of: Tag,
    body: Body,
) -> Result<Response, RegistryError> {
    let target = AttributeTarget::Tag(of.clone());
    attribute::change(admitted, &name, target, body, RegistryError::TagUnknown).await?;
    tag(admitted, name, of).await
}

/// DELETE of a tag. Its manifest stays.
pub(crate) async fn untag(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    tag: Tag,
) -> Result<Response, RegistryError> {
    let Admitted { state, caller, .. } = admitted;
    match state.store.delete_tag(&admitted.key(&name), &tag, &caller.actor(), state.now()).await? {
        Removal::Removed => Ok(StatusCode::ACCEPTED.into_response()),
        Removal::Absent => Err(absent(admitted, &name, RegistryError::TagUnknown).await?),
        Removal::Locked(lock) => Err(RegistryError::Locked(lock)),
    }
}

/// GET of a manifest.
pub(crate) async fn manifest(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    digest: Digest,
) -> Result<Response, RegistryError> {
    let key = admitted.key(&name);
    let details = admitted.state.store.manifest_details(&key, &digest).await?;
    let Some(details) = details else {
        return Err(absent(admitted, &name, RegistryError::ManifestUnknown).await?);
    };
    let mut answer = document::head(admitted.site, &name);
    answer["manifest"] = document::manifest(admitted, &key, &details).await?;
    Ok(json(&answer))
}

/// PATCH of a manifest.
pub(crate) async fn change_manifest(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    digest: Digest,
    body: Body,
) -> Result<Response, RegistryError> {
    let target = AttributeTarget::Manifest(digest.clone());
    attribute::change(admitted, &name, target, body, RegistryError::ManifestUnknown).await?;
    manifest(admitted, name, digest).await
}

/// What to say where something is missing: whether its whole repository is.
async fn absent(
    admitted: &Admitted<'_>,
    name: &RepositoryName,
    unknown: RegistryError,
) -> Result<RegistryError, RegistryError> {
    let is_there = admitted.state.store.repository_exists(&admitted.key(name)).await?;
    Ok(if is_there { unknown } else { RegistryError::RepositoryUnknown })
}
