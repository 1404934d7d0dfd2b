//! The advisories that are in force: `/api/advisories`.

use super::error::ApiError;
use super::view::AdvisoriesView;
use super::{ApiState, Caller, Route};
use access::Action;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::routing::get;
use jiff::Timestamp;

pub(super) const SHOW: Route = Route {
    method: Method::GET,
    path: "/api/advisories",
    action: Some(Action::ASSESSMENT_READ),
    handler: || get(show),
};

async fn show(caller: Caller, State(state): State<ApiState>) -> Result<Json<AdvisoriesView>, ApiError> {
    caller.registries(&state, Action::ASSESSMENT_READ).await?;
    Ok(Json(describe(&state)))
}

/// What is loaded, and how old it is.
fn describe(state: &ApiState) -> AdvisoriesView {
    let held = state.shelf.held();
    match state.shelf.current() {
        Some(snapshot) => {
            crate::advisories::view(&snapshot, held, state.advisory_age_limit, Timestamp::now())
        }
        None => crate::advisories::no_view(held),
    }
}
