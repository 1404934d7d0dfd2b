//! Pages of a list: `value`, and `nextLink` where there is more.
//!
//! The place where the next page begins travels through the client, sealed for this caller and this path. Clients take
//! the link apart and put its query together again, so the token has no sign that could change on the way.

use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The place where the list goes on, if the request names one.
///
/// # Errors
/// When the token was not made for this caller and this list.
pub(crate) fn place<P: DeserializeOwned>(state: &ArmState, request: &Request) -> Result<Option<P>, ArmError> {
    let Some(token) = request.query("$skiptoken") else { return Ok(None) };
    let place = state.seal.open(token, &belongs_to(request)).ok_or(ArmError::InvalidSkipToken)?;
    serde_json::from_str(&place).map(Some).map_err(|_| ArmError::InvalidSkipToken)
}

/// A page, with the link to the next one if there is one.
pub(crate) fn answer<P: Serialize>(
    state: &ArmState,
    request: &Request,
    value: Vec<Value>,
    next: Option<&P>,
) -> Response {
    let mut body = json!({ "value": value });
    if let Some(place) = next.and_then(|next| serde_json::to_string(next).ok()) {
        let token = state.seal.seal(&place, &belongs_to(request));
        let version = request.query("api-version").unwrap_or_default();
        let link = format!("{}{}?api-version={version}&$skiptoken={token}", state.url, request.path);
        body["nextLink"] = link.into();
    }
    Json(body).into_response()
}

/// A list that is whole.
pub(crate) fn whole(value: Vec<Value>) -> Response {
    Json(json!({ "value": value })).into_response()
}

fn belongs_to(request: &Request) -> [&str; 2] {
    [&request.subject, &request.lower_path]
}
