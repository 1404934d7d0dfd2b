//! Registries as resources. They are read here; they are made when an installation is.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::registries::{self, Known};
use crate::{ArmState, page};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};

/// The type of registries.
pub(super) const KIND: &str = "Microsoft.ContainerRegistry/registries";

pub(super) const RESOURCE: Resource = Resource {
    kind: KIND,
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

/// What lists of all kinds of resources show.
pub(super) fn brief(known: &Known) -> Value {
    json!({
        "id": known.id.as_str(),
        "name": known.registry.name,
        "type": KIND,
        "location": known.registry.location,
        "sku": {"name": "Premium", "tier": "Premium"},
        "tags": {},
    })
}

fn view(known: &Known) -> Value {
    let mut view = brief(known);
    view["properties"] = json!({
        "loginServer": known.registry.login_server,
        "creationDate": known.registry.created_at.to_string(),
        "provisioningState": "Succeeded",
        "adminUserEnabled": false,
        "anonymousPullEnabled": false,
        "dataEndpointEnabled": false,
        "dataEndpointHostNames": [],
        "publicNetworkAccess": "Enabled",
        "networkRuleBypassOptions": "AzureServices",
        "zoneRedundancy": "Disabled",
        "privateEndpointConnections": [],
        "policies": {
            "quarantinePolicy": {"status": "disabled"},
            "trustPolicy": {"type": "Notary", "status": "disabled"},
            "retentionPolicy": {"days": 7, "status": "disabled"},
            "softDeletePolicy": {"retentionDays": 7, "status": "disabled"},
            "exportPolicy": {"status": "enabled"},
            "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
        },
    });
    view
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let found = registries::within(state, &request.caller, &request.scope, Action::REGISTRY_READ).await?;
    Ok(page::whole(found.iter().map(view).collect()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let id =
        request.scope.joined(&["providers", "Microsoft.ContainerRegistry", "registries", request.name(0)])?;
    Ok(Json(view(&find(state, request, &id).await?)).into_response())
}

async fn find(state: &ArmState, request: &Request, id: &ResourceId) -> Result<Known, ArmError> {
    let found = registries::within(state, &request.caller, id, Action::REGISTRY_READ).await?;
    found.into_iter().find(|known| known.id == *id).ok_or_else(|| ArmError::ResourceNotFound(id.to_string()))
}
