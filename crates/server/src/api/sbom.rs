//! Bills of materials: `GET` and `POST /api/images/REFERENCE/sbom?format=`.
//!
//! The first shows the bill of an image, the second attaches it to the image as its referrer.

use super::ApiState;
use super::error::ApiError;
use super::view::AttachedView;
use crate::bill::{self, BillError};
use axum::response::{IntoResponse, Response};
use http::header;
use inventory::sbom::{FORMATS, Format};
use registry::{AttachError, Attachment, attach};
use store::{Actor, ImageKey, Store};

fn format(name: Option<&str>) -> Result<&'static Format, ApiError> {
    let name = name.unwrap_or("cyclonedx");
    FORMATS.iter().find(|format| format.name == name).copied().ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        ApiError::Invalid(format!("there is no format `{name}`; there are {}", known.join(" and ")))
    })
}

/// The bill of an image.
pub(super) async fn show(
    store: &dyn Store,
    image: &ImageKey,
    name: Option<&str>,
) -> Result<Response, ApiError> {
    let format = format(name)?;
    let text = bill::write(store, image, format).await?;
    Ok(([(header::CONTENT_TYPE, format.media_type)], text).into_response())
}

/// Attaches the bill of an image to it.
pub(super) async fn attach_to(
    state: &ApiState,
    image: &ImageKey,
    name: Option<&str>,
    actor: Actor,
) -> Result<AttachedView, ApiError> {
    let format = format(name)?;
    let text = bill::write(&*state.store, image, format).await?;
    let scanned = state.store.image(&image.digest).await?;
    let created = scanned.map(|scanned| scanned.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let attachment = Attachment {
        subject: &image.digest,
        media_type: format.media_type,
        title: &format!("sbom.{}.json", format.name),
        created: created.as_deref().unwrap_or_default(),
        content: text.into(),
    };
    let name = &image.repository.name;
    let digest = attach(&state.contents, &state.site, name, attachment, actor).await?;
    Ok(AttachedView {
        repository: image.repository.name.to_string(),
        subject: image.digest.to_string(),
        digest: digest.to_string(),
        artifact_type: format.media_type.to_owned(),
    })
}

impl From<BillError> for ApiError {
    fn from(error: BillError) -> Self {
        match error {
            BillError::Store(error) => Self::Store(error),
            BillError::Gone => Self::NotFound("such image any more".into()),
            BillError::NotAnImage | BillError::NotScanned => Self::Conflict(error.to_string()),
        }
    }
}

impl From<AttachError> for ApiError {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Store(error) => Self::Store(error),
            AttachError::SubjectGone => Self::NotFound("such image any more".into()),
            AttachError::Locked(_) => Self::Conflict(error.to_string()),
            AttachError::Random
            | AttachError::Manifest(_)
            | AttachError::MediaType
            | AttachError::Blobs(_) => Self::Storage(Box::new(error)),
        }
    }
}
