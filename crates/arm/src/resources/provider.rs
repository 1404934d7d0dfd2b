//! Resource providers: what is served here, and that it is registered; registering it again changes nothing.

use super::{RESOURCES, Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Resources/providers",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/providers",
            right: Right::Within(Action::SUBSCRIPTION_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/providers/{namespace}",
            right: Right::Within(Action::SUBSCRIPTION_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::POST,
            pattern: "/subscriptions/{id}/providers/{namespace}/register",
            right: Right::Within(Action::SUBSCRIPTION_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
    ],
};

/// Clients take the first version that is no preview and ask for it.
const VERSIONS: [&str; 3] = ["2025-04-01", "2021-06-01", "2019-01-01-preview"];

async fn known(state: &ArmState, request: &Request) -> Result<Vec<Value>, ArmError> {
    if !request.caller.sees(&request.scope) {
        return Err(request.caller.refusal(Action::SUBSCRIPTION_READ, &request.scope));
    }
    let subscription = registries::subscription(state, &request.scope).await?;
    let mut namespaces: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for resource in RESOURCES {
        if let Some((namespace, kind)) = resource.kind.split_once('/') {
            namespaces.entry(namespace).or_default().push(json!({
                "resourceType": kind,
                "locations": [state.installation.location],
                "apiVersions": VERSIONS,
            }));
        }
    }
    let view = |(namespace, kinds): (&str, Vec<Value>)| {
        json!({
            "id": format!("/subscriptions/{}/providers/{namespace}", subscription.id),
            "namespace": namespace,
            "registrationPolicy": "RegistrationFree",
            "registrationState": "Registered",
            "resourceTypes": kinds,
        })
    };
    Ok(namespaces.into_iter().map(view).collect())
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(page::whole(known(state, request).await?))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let wanted = request.name(1);
    let named = |provider: &Value| {
        provider["namespace"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    };
    let found = known(state, request).await?.into_iter().find(named);
    let found = found.ok_or_else(|| ArmError::NoNamespace(wanted.chars().take(80).collect()))?;
    Ok(Json(found).into_response())
}
