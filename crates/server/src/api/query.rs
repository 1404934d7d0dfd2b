//! What a query of Resource Graph may use: `/api/query/functions`.
//!
//! It tells nothing of what is kept here, so being signed in is enough.

use super::{Caller, Route};
use axum::Json;
use axum::http::Method;
use axum::routing::get;
use serde_json::Value;

pub(super) const FUNCTIONS: Route =
    Route { method: Method::GET, path: "/api/query/functions", action: None, handler: || get(functions) };

/// The extractor refuses whoever is not signed in.
async fn functions(_: Caller) -> Json<Value> {
    Json(arm::query_reference())
}
