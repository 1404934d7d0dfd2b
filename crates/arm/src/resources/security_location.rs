//! Where the results of a subscription are kept: the server's location. Clients ask for it before they ask for what is kept
//! by location.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/locations",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/providers/Microsoft.Security/locations",
            right: Right::At(Action::SECURITY_LOCATION_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/providers/Microsoft.Security/locations/{location}",
            right: Right::At(Action::SECURITY_LOCATION_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
    ],
};

async fn here(state: &ArmState, request: &Request) -> Result<Value, ArmError> {
    let subscription = registries::subscription(state, &request.scope).await?;
    let location = &state.installation.location;
    Ok(json!({
        "id": format!("/subscriptions/{}/providers/Microsoft.Security/locations/{location}", subscription.id),
        "name": location,
        "type": "Microsoft.Security/locations",
        "properties": {"homeRegionName": location},
    }))
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(page::whole(vec![here(state, request).await?]))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let found = here(state, request).await?;
    match request.name(1).eq_ignore_ascii_case(&state.installation.location) {
        true => Ok(Json(found).into_response()),
        false => Err(ArmError::ResourceNotFound(request.path.clone())),
    }
}
