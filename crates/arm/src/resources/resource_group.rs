//! Resource groups: those that registries stand in.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Resources/subscriptions/resourceGroups",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/resourcegroups",
            right: Right::Within(Action::RESOURCE_GROUP_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/resourcegroups/{name}",
            right: Right::On(Action::RESOURCE_GROUP_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::HEAD,
            pattern: "/subscriptions/{id}/resourcegroups/{name}",
            right: Right::On(Action::RESOURCE_GROUP_READ),
            handler: |state, request| Box::pin(exists(state, request)),
        },
    ],
};

fn id(subscription: &store::Subscription, name: &str) -> String {
    format!("/subscriptions/{}/resourceGroups/{name}", subscription.id)
}

fn view(id: &str, name: &str, location: &str) -> Value {
    json!({
        "id": id,
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    })
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    if !request.caller.sees(&request.scope) {
        return Err(request.caller.refusal(Action::RESOURCE_GROUP_READ, &request.scope));
    }
    let subscription = registries::subscription(state, &request.scope).await?;
    let mut value = Vec::new();
    for (name, location) in registries::resource_groups(state, &subscription).await? {
        let id = id(&subscription, &name);
        if request.caller.may(Action::RESOURCE_GROUP_READ, &ResourceId::parse(&id)?) {
            value.push(view(&id, &name, &location));
        }
    }
    Ok(page::whole(value))
}

async fn find(state: &ArmState, request: &Request) -> Result<Value, ArmError> {
    let subscription = registries::subscription(state, &request.scope).await?;
    let groups = registries::resource_groups(state, &subscription).await?;
    let wanted = request.name(1);
    groups
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(name, location)| view(&id(&subscription, name), name, location))
        .ok_or_else(|| ArmError::ResourceGroupNotFound(wanted.to_owned()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(Json(find(state, request).await?).into_response())
}

async fn exists(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(empty(match find(state, request).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(ArmError::ResourceGroupNotFound(_) | ArmError::SubscriptionNotFound(_)) => StatusCode::NOT_FOUND,
        Err(error) => return Err(error),
    }))
}
