//! Management groups: there is one, the root of the tenant, which has the tenant's id as its name. It stands for the
//! tenant wherever a scope is meant.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Management/managementGroups",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/providers/Microsoft.Management/managementGroups",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/providers/Microsoft.Management/managementGroups/{name}",
            right: Right::At(Action::MANAGEMENT_GROUP_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::POST,
            pattern: "/providers/Microsoft.Management/getEntities",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(entities(state, request)),
        },
    ],
};

fn view(state: &ArmState) -> Value {
    let tenant = state.tenant().to_string();
    json!({
        "id": format!("/providers/Microsoft.Management/managementGroups/{tenant}"),
        "type": "Microsoft.Management/managementGroups",
        "name": tenant,
        "properties": {"tenantId": tenant, "displayName": "Tenant Root Group"},
    })
}

/// Whoever may read none finds none.
async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let may = request.caller.may(Action::MANAGEMENT_GROUP_READ, &ResourceId::tenant());
    Ok(page::whole(may.then(|| view(state)).into_iter().collect()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    if !request.name(0).eq_ignore_ascii_case(&state.tenant().to_string()) {
        return Err(ArmError::ResourceNotFound(request.path.clone()));
    }
    let mut whole = view(state);
    let children: Vec<Value> = match request.query("$expand") {
        Some(expand) if expand.eq_ignore_ascii_case("children") => {
            let subscriptions = state.store.subscriptions().await?;
            subscriptions
                .iter()
                .map(|one| {
                    json!({
                        "id": format!("/subscriptions/{}", one.id),
                        "type": "/subscriptions",
                        "name": one.id.to_string(),
                        "displayName": one.name,
                    })
                })
                .collect()
        }
        Some(_) | None => Vec::new(),
    };
    whole["properties"]["details"] = json!({"version": 1, "parent": null});
    whole["properties"]["children"] = children.into();
    Ok(Json(whole).into_response())
}

/// The root group and the subscriptions below it, as far as the caller sees them.
async fn entities(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let root = view(state);
    let may = request.caller.may(Action::MANAGEMENT_GROUP_READ, &ResourceId::tenant());
    let mut value = Vec::new();
    let mut seen = Vec::new();
    for one in state.store.subscriptions().await? {
        let id = format!("/subscriptions/{}", one.id);
        if request.caller.sees(&ResourceId::parse(&id)?) {
            seen.push(json!({
                "id": id,
                "type": "/subscriptions",
                "name": one.id.to_string(),
                "properties": {
                    "tenantId": state.tenant().to_string(),
                    "displayName": one.name,
                    "parent": {"id": root["id"]},
                    "parentNameChain": [root["name"]],
                    "parentDisplayNameChain": [root["properties"]["displayName"]],
                    "numberOfDescendants": 0,
                },
            }));
        }
    }
    if may {
        let mut root = root;
        root["properties"]["numberOfDescendants"] = seen.len().into();
        value.push(root);
    }
    value.extend(seen);
    Ok(page::whole(value))
}
