//! What an operator's tools ask: is it alive, can it serve, how is it doing.
//!
//! These three answer without a sign-in, as such tools expect; they tell numbers, and no name of anything.

use crate::advisories::Shelf;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use std::fmt::Write;
use std::sync::Arc;
use store::{JobState, Store};

/// What the answers come from.
#[derive(Clone)]
pub(crate) struct OperationsState {
    /// The records.
    pub store: Arc<dyn Store>,
    /// The advisories in force.
    pub shelf: Arc<Shelf>,
}

/// `/healthz`, `/readyz` and `/metrics`.
pub(crate) fn router(state: OperationsState) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(state)
}

/// Ready means that the records can be read.
async fn ready(State(state): State<OperationsState>) -> Response {
    match state.store.installation().await {
        Ok(Some(_)) => "ready\n".into_response(),
        Ok(None) => (StatusCode::SERVICE_UNAVAILABLE, "the installation is not made yet\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the records cannot be read\n").into_response()
        }
    }
}

/// The text format of Prometheus, version 0.0.4.
async fn metrics(State(state): State<OperationsState>) -> Response {
    match text(&state, Timestamp::now()).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn text(state: &OperationsState, now: Timestamp) -> Result<String, store::Error> {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |name: &str, labels: &str, value: String| {
        let _ = writeln!(text, "{name}{labels} {value}");
    };
    line("lazaretto_build_info", concat!("{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), "1".into());
    for (image, count) in state.store.state_counts(None).await? {
        line("lazaretto_images", &format!("{{state=\"{}\"}}", image.as_str()), count.to_string());
    }
    for count in state.store.job_counts().await? {
        let word = match count.state {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Dead => "dead",
        };
        line(
            "lazaretto_jobs",
            &format!("{{kind=\"{}\",state=\"{word}\"}}", count.kind),
            count.count.to_string(),
        );
    }
    if let Some(snapshot) = state.shelf.current() {
        let age = now.duration_since(snapshot.created_at()).as_secs();
        line("lazaretto_advisories_age_seconds", "", age.to_string());
        line("lazaretto_advisories", "", snapshot.counts().advisories.to_string());
    }
    Ok(text)
}
