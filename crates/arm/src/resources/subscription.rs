//! Subscriptions: `/subscriptions`, one of them, and its locations.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::registries;
use crate::{ArmState, page};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};
use store::Subscription;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Resources/subscriptions",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/subscriptions",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}",
            right: Right::Within(Action::SUBSCRIPTION_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/locations",
            right: Right::Within(Action::SUBSCRIPTION_READ),
            handler: |state, request| Box::pin(locations(state, request)),
        },
    ],
};

fn view(state: &ArmState, subscription: &Subscription) -> Value {
    json!({
        "id": format!("/subscriptions/{}", subscription.id),
        "subscriptionId": subscription.id.to_string(),
        "tenantId": state.tenant().to_string(),
        "displayName": subscription.name,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "Lazaretto",
            "spendingLimit": "Off",
        },
    })
}

/// Whoever has a role at anything in a subscription may know of it, as in Azure.
async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut value = Vec::new();
    for subscription in state.store.subscriptions().await? {
        let scope = ResourceId::subscription_scope(&subscription.id.to_string())?;
        if request.caller.sees(&scope) {
            value.push(view(state, &subscription));
        }
    }
    Ok(page::whole(value))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(Json(view(state, &visible(state, request).await?)).into_response())
}

/// The subscription of the request, if the caller may know of it.
async fn visible(state: &ArmState, request: &Request) -> Result<Subscription, ArmError> {
    if !request.caller.sees(&request.scope) {
        return Err(request.caller.refusal(Action::SUBSCRIPTION_READ, &request.scope));
    }
    registries::subscription(state, &request.scope).await
}

async fn locations(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let subscription = visible(state, request).await?;
    let mut names: Vec<String> = vec![state.installation.location.clone()];
    for registry in state.store.registries(subscription.id).await? {
        if !names.contains(&registry.location) {
            names.push(registry.location);
        }
    }
    let value = names.iter().map(|name| {
        json!({
            "id": format!("/subscriptions/{}/locations/{name}", subscription.id),
            "name": name,
            "type": "Region",
            "displayName": name,
            "regionalDisplayName": name,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        })
    });
    Ok(page::whole(value.collect()))
}
