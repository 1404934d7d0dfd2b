//! The keys that sign tokens: `POST /api/keys/rotate`.

use super::error::ApiError;
use super::{ApiState, Caller, Route};
use crate::keys::Earlier;
use access::Action;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Method;
use axum::routing::post;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) const ROTATE: Route = Route {
    method: Method::POST,
    path: "/api/keys/rotate",
    action: Some(Action::DIRECTORY_WRITE),
    handler: || post(rotate),
};

#[derive(Default, Deserialize)]
struct Body {
    /// Whether what was signed before holds no more.
    #[serde(default)]
    revoke: bool,
}

async fn rotate(caller: Caller, State(state): State<ApiState>, body: Bytes) -> Result<Json<Value>, ApiError> {
    caller.require_at_tenant(Action::DIRECTORY_WRITE)?;
    let body: Body = match body.is_empty() {
        true => Body::default(),
        false => serde_json::from_slice(&body)
            .map_err(|_| ApiError::Invalid("the body must be {\"revoke\": true} or false".into()))?,
    };
    let earlier = if body.revoke { Earlier::Revoked } else { Earlier::Hold };
    state.keys.rotate(&*state.store, earlier, Timestamp::now()).await.map_err(ApiError::Keys)?;
    Ok(Json(json!({})))
}
