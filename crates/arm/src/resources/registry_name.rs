//! Whether a registry can have a name: asked before one is created.

use super::registry::NameFault;
use super::{Resource, Right, Route, registry};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::json;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/checkNameAvailability",
    routes: &[Route {
        method: Method::POST,
        pattern: "/subscriptions/{id}/providers/Microsoft.ContainerRegistry/checkNameAvailability",
        right: Right::At(Action::REGISTRY_NAME_CHECK),
        handler: |state, request| Box::pin(check(state, request)),
    }],
};

async fn check(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let body = request.object()?;
    let name = body["name"].as_str().unwrap_or_default();
    let suffix = &state.registry_suffix;
    let view = match registry::name_fault(state, name).await? {
        None => json!({
            "availableLoginServerName": format!("{}.{suffix}", name.to_ascii_lowercase()),
            "nameAvailable": true,
        }),
        Some(NameFault::Taken) => json!({
            "nameAvailable": false,
            "reason": "AlreadyExists",
            "message": format!("The registry {name} is already in use."),
        }),
        Some(NameFault::Malformed) => json!({
            "nameAvailable": false,
            "reason": "Invalid",
            "message": registry::NAME_RULE,
        }),
    };
    Ok(Json(view).into_response())
}
