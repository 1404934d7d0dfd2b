//! What an operator's tools ask: is it alive, can it serve, how is it doing.
//!
//! These three answer without a sign-in, as such tools expect; they tell numbers, and no name of anything.

use crate::advisories::{Shelf, age_in_words};
use crate::traffic::Traffic;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
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
    /// Older advisories than this cannot call an image healthy.
    pub advisory_age_limit: SignedDuration,
    /// What was asked since the server began.
    pub traffic: Arc<Traffic>,
    /// When it began.
    pub began: Timestamp,
}

/// `/healthz`, `/readyz` and `/metrics`.
pub(crate) fn router(state: OperationsState) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(state)
}

/// Ready means that the records can be read. How old the advisories are is said beside it: a registry serves pulls
/// with old ones too, and says of each image that it cannot be assessed.
async fn ready(State(state): State<OperationsState>) -> Response {
    match state.store.installation().await {
        Ok(Some(_)) => format!("ready\n{}\n", advisories(&state, Timestamp::now())).into_response(),
        Ok(None) => (StatusCode::SERVICE_UNAVAILABLE, "the installation is not made yet\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the records cannot be read\n").into_response()
        }
    }
}

fn advisories(state: &OperationsState, now: Timestamp) -> String {
    let Some(snapshot) = state.shelf.current() else { return "advisories: none".to_owned() };
    let age = now.duration_since(snapshot.created_at());
    let too_old = if age > state.advisory_age_limit { ", too old to call anything healthy" } else { "" };
    let held = if state.shelf.held().is_some() { "; newer ones are held" } else { "" };
    format!("advisories: {} old{too_old}{held}", age_in_words(age))
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

/// What each metric says, in their order.
const HELP: &[(&str, &str)] = &[
    ("lazaretto_build_info", "The version, as a label."),
    ("lazaretto_start_time_seconds", "When the server began, in seconds since 1970."),
    ("lazaretto_resident_memory_bytes", "Memory of the server, without that of the jail."),
    ("lazaretto_images", "Images by the state of their verdict."),
    ("lazaretto_jobs", "Jobs by kind and state."),
    ("lazaretto_advisories_age_seconds", "Age of the advisories in force."),
    ("lazaretto_advisories", "Advisories in force."),
    ("lazaretto_advisories_too_old", "1 where they are too old to call anything healthy."),
    ("lazaretto_advisories_held", "1 where newer ones wait to be accepted."),
];

/// The memory that this process uses, in bytes; none where the system does not say.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

async fn text(state: &OperationsState, now: Timestamp) -> Result<String, store::Error> {
    let mut values: Vec<(&str, String, String)> = Vec::new();
    let mut line = |name, labels: &str, value: String| values.push((name, labels.to_owned(), value));
    line("lazaretto_build_info", concat!("{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), "1".into());
    line("lazaretto_start_time_seconds", "", state.began.as_second().to_string());
    if let Some(bytes) = resident_bytes() {
        line("lazaretto_resident_memory_bytes", "", bytes.to_string());
    }
    for (image, count) in state.store.state_counts(None).await? {
        line("lazaretto_images", &format!("{{state=\"{}\"}}", image.as_str()), count.to_string());
    }
    for count in state.store.job_counts().await? {
        let word = match count.state {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Dead => "dead",
        };
        let labels = format!("{{kind=\"{}\",state=\"{word}\"}}", count.kind);
        line("lazaretto_jobs", &labels, count.count.to_string());
    }
    if let Some(snapshot) = state.shelf.current() {
        let age = now.duration_since(snapshot.created_at()).as_secs();
        line("lazaretto_advisories_age_seconds", "", age.to_string());
        line("lazaretto_advisories", "", snapshot.counts().advisories.to_string());
        let too_old = i32::from(age > state.advisory_age_limit.as_secs());
        line("lazaretto_advisories_too_old", "", too_old.to_string());
    }
    line("lazaretto_advisories_held", "", i32::from(state.shelf.held().is_some()).to_string());
    let mut text = String::new();
    for (name, help) in HELP {
        let mut own = values.iter().filter(|(of, ..)| of == name).peekable();
        if own.peek().is_some() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        }
        for (_, labels, value) in own {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    }
    state.traffic.write(&mut text);
    Ok(text)
}
