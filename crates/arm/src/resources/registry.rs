//! Registries as resources. They are read here; they are made when an installation is.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::{self, KnownRegistry};
use http::Method;

pub(super) const RESOURCE: Resource = Resource {
    kind: documents::registry::KIND,
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries",
            right: Right::Within(Action::REGISTRY_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}",
            right: Right::On(Action::REGISTRY_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
    ],
};

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let found = registries::within(state, &request.caller, &request.scope, Action::REGISTRY_READ).await?;
    Ok(page::whole(found.iter().map(documents::registry::whole).collect()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let id =
        request.scope.joined(&["providers", "Microsoft.ContainerRegistry", "registries", request.name(0)])?;
    Ok(Json(documents::registry::whole(&find(state, request, &id).await?)).into_response())
}

async fn find(state: &ArmState, request: &Request, id: &ResourceId) -> Result<KnownRegistry, ArmError> {
    let found = registries::within(state, &request.caller, id, Action::REGISTRY_READ).await?;
    found.into_iter().find(|known| known.id == *id).ok_or_else(|| ArmError::ResourceNotFound(id.to_string()))
}
