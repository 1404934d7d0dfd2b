//! The collection of what nobody needs: `/api/collection` tells how it is doing, `/api/collection/run` begins one.

use super::error::{ApiError, Parameters};
use super::{ApiState, Caller, Route};
use crate::jobs::collect::CollectionStatus;
use access::Action;
use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::routing::{get, post};
use jiff::Timestamp;
use registry::{CollectionMode, Phase};
use serde::{Deserialize, Serialize};

pub(super) const SHOW: Route = Route {
    method: Method::GET,
    path: "/api/collection",
    action: Some(Action::REGISTRY_READ),
    handler: || get(show),
};

/// Collecting deletes content, and so needs the right to do that; a dry run tells what others have left.
pub(super) const RUN: Route = Route {
    method: Method::POST,
    path: "/api/collection/run",
    action: Some(Action::ARTIFACT_DELETE),
    handler: || post(run),
};

/// How a collection is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionView {
    /// `running`, `done`, `failed`, or `never` if there was none since the server started.
    pub state: String,
    /// `collect` or `dry-run`.
    pub mode: Option<String>,
    /// What it looks at, or looked at last: `uploads`, `manifests`, `links` or `blobs`.
    pub phase: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How many uploads were given up, or would have been.
    pub uploads: u64,
    /// How many manifests.
    pub manifests: u64,
    /// How many links between a repository and a blob.
    pub links: u64,
    /// How many blobs.
    pub blobs: u64,
    /// How many bytes these blobs had.
    pub bytes: u64,
    /// Why it stopped before its end.
    pub error: Option<String>,
}

impl CollectionView {
    fn of(status: Option<CollectionStatus>) -> Self {
        let Some(status) = status else { return Self::never() };
        let state = match (&status.error, status.is_running()) {
            (_, true) => "running",
            (Some(_), false) => "failed",
            (None, false) => "done",
        };
        let mode = match status.mode {
            CollectionMode::Collect => "collect",
            CollectionMode::DryRun => "dry-run",
        };
        let phase = match status.phase {
            Phase::Uploads => "uploads",
            Phase::Manifests { .. } => "manifests",
            Phase::Links { .. } => "links",
            Phase::Blobs { .. } => "blobs",
        };
        let registry::Collected { uploads, manifests, links, blobs, bytes } = status.collected;
        Self {
            state: state.into(),
            mode: Some(mode.into()),
            phase: Some(phase.into()),
            started_at: Some(status.started_at),
            ended_at: status.ended_at,
            uploads,
            manifests,
            links,
            blobs,
            bytes,
            error: status.error,
        }
    }

    fn never() -> Self {
        Self {
            state: "never".into(),
            mode: None,
            phase: None,
            started_at: None,
            ended_at: None,
            uploads: 0,
            manifests: 0,
            links: 0,
            blobs: 0,
            bytes: 0,
            error: None,
        }
    }
}

#[derive(Debug, Deserialize)]
struct RunQuery {
    mode: Option<String>,
}

async fn show(caller: Caller, State(state): State<ApiState>) -> Result<Json<CollectionView>, ApiError> {
    caller.registries(&state, Action::REGISTRY_READ).await?;
    Ok(Json(CollectionView::of(state.collections.status())))
}

/// Begins a collection. If one is running, that one is told of: there is never more than one.
async fn run(
    caller: Caller,
    State(state): State<ApiState>,
    Parameters(query): Parameters<RunQuery>,
) -> Result<(StatusCode, Json<CollectionView>), ApiError> {
    caller.registries(&state, Action::ARTIFACT_DELETE).await?;
    let mode = match query.mode.as_deref() {
        None | Some("collect") => CollectionMode::Collect,
        Some("dry-run") => CollectionMode::DryRun,
        Some(_) => return Err(ApiError::Invalid("`mode` is `collect` or `dry-run`".into())),
    };
    Ok((StatusCode::ACCEPTED, Json(CollectionView::of(state.collections.start(mode)))))
}
