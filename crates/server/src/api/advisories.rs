//! The advisories that are in force: `/api/advisories`.

use super::error::ApiError;
use super::view::AdvisoriesView;
use super::{ApiState, Caller, Route};
use access::Action;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::routing::get;

pub(super) const SHOW: Route = Route {
    method: Method::GET,
    path: "/api/advisories",
    action: Some(Action::ASSESSMENT_READ),
    handler: || get(show),
};

async fn show(caller: Caller, State(state): State<ApiState>) -> Result<Json<AdvisoriesView>, ApiError> {
    caller.registries(&state, Action::ASSESSMENT_READ).await?;
    Ok(Json(describe(&state.shelf)))
}

/// What is loaded, and how old it is.
fn describe(shelf: &crate::advisories::Shelf) -> AdvisoriesView {
    let Some(snapshot) = shelf.current() else {
        return AdvisoriesView { snapshot: None, created_at: None, advisories: 0, ecosystems: Vec::new() };
    };
    crate::advisories::view(&snapshot)
}
