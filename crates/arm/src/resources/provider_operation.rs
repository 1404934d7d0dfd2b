//! What can be granted: the actions that something here asks for, by provider and type of resource
//! (`Microsoft.Authorization/providerOperations`). Whoever defines a role of their own looks here for its words.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Authorization/providerOperations",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/providers/Microsoft.Authorization/providerOperations",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/providers/Microsoft.Authorization/providerOperations/{namespace}",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(one(state, request)),
        },
    ],
};

/// The name of an action, divided: provider, type of resource, verb.
fn parts(action: Action) -> Option<(&'static str, &'static str, &'static str)> {
    let (namespace, rest) = action.name().split_once('/')?;
    // What ends in `action` has its verb before that.
    let before = rest.strip_suffix("/action").unwrap_or(rest);
    let (kind, _) = before.rsplit_once('/').unwrap_or((before, ""));
    Some((namespace, kind, rest.get(kind.len() + 1..).unwrap_or_default()))
}

fn providers() -> Vec<Value> {
    let mut providers: BTreeMap<&str, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
    for action in Action::ALL {
        let Some((namespace, kind, verb)) = parts(*action) else { continue };
        providers.entry(namespace).or_default().entry(kind).or_default().push(json!({
            "name": action.name(),
            "displayName": format!("{verb} of {kind}"),
            "description": null,
            "origin": "user,system",
            "isDataAction": action.is_data(),
        }));
    }
    let view = |(namespace, kinds): (&str, BTreeMap<&str, Vec<Value>>)| {
        json!({
            "id": format!("/providers/Microsoft.Authorization/providerOperations/{namespace}"),
            "name": namespace,
            "displayName": namespace,
            "type": "Microsoft.Authorization/providerOperations",
            "operations": [],
            "resourceTypes": kinds.into_iter().map(|(kind, operations)| json!({
                "name": kind, "displayName": kind, "operations": operations,
            })).collect::<Vec<Value>>(),
        })
    };
    providers.into_iter().map(view).collect()
}

async fn list(_: &ArmState, _: &Request) -> Result<Response, ArmError> {
    Ok(page::whole(providers()))
}

async fn one(_: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let wanted = request.name(0);
    let is_it =
        |provider: &Value| provider["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
    let found = providers().into_iter().find(is_it);
    Ok(Json(found.ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))?).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_has_a_provider_a_type_and_a_verb() {
        assert_eq!(
            parts(Action::REGISTRY_CREDENTIALS),
            Some(("Microsoft.ContainerRegistry", "registries", "listCredentials/action"))
        );
        assert_eq!(parts(Action::PULL), Some(("Microsoft.ContainerRegistry", "registries/pull", "read")));
        assert!(Action::ALL.iter().all(|action| parts(*action).is_some_and(|parts| !parts.2.is_empty())));
    }
}
