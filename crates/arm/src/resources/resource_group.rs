//! Resource groups: names under which registries stand together.
//!
//! A group is there when somebody created it, or when a registry stands in it: the first registry's group was never
//! created by anybody.

use super::cloud_resource::{Filter, Filtered};
use super::registry::{self, wish};
use super::{Resource, Right, Route, role_assignment};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::KnownRegistry;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::{ResourceGroup, Tags, objects};

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
        Route {
            method: Method::PUT,
            pattern: "/subscriptions/{id}/resourcegroups/{name}",
            right: Right::On(Action::RESOURCE_GROUP_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::PATCH,
            pattern: "/subscriptions/{id}/resourcegroups/{name}",
            right: Right::On(Action::RESOURCE_GROUP_WRITE),
            handler: |state, request| Box::pin(patch(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "/subscriptions/{id}/resourcegroups/{name}",
            right: Right::On(Action::RESOURCE_GROUP_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

const KIND: &str = "Microsoft.Resources/resourceGroups";

fn id(group: &ResourceGroup) -> String {
    format!("/subscriptions/{}/resourceGroups/{}", group.subscription, group.name)
}

fn view(group: &ResourceGroup) -> Value {
    json!({
        "id": id(group),
        "name": group.name,
        "type": KIND,
        "location": group.location,
        "tags": group.tags,
        "properties": {"provisioningState": "Succeeded"},
    })
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    if !request.caller.sees(&request.scope) {
        return Err(request.caller.refusal(Action::RESOURCE_GROUP_READ, &request.scope));
    }
    let subscription = registries::subscription(state, &request.scope).await?;
    let filter = request.query("$filter").map(Filter::parse).transpose()?.unwrap_or_default();
    let mut value = Vec::new();
    for group in registries::resource_groups(state, &subscription).await? {
        let here = Filtered {
            kind: KIND,
            name: &group.name,
            group: &group.name,
            location: &group.location,
            tags: &group.tags,
        };
        let may = request.caller.may(Action::RESOURCE_GROUP_READ, &ResourceId::parse(&id(&group))?);
        if may && filter.passes(&here) {
            value.push(view(&group));
        }
    }
    Ok(page::whole(value))
}

async fn find(state: &ArmState, request: &Request) -> Result<ResourceGroup, ArmError> {
    let subscription = registries::subscription(state, &request.scope).await?;
    registries::resource_group(state, &subscription, request.name(1)).await
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(Json(view(&find(state, request).await?)).into_response())
}

async fn exists(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(empty(match find(state, request).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(ArmError::ResourceGroupNotFound(_) | ArmError::SubscriptionNotFound(_)) => StatusCode::NOT_FOUND,
        Err(error) => return Err(error),
    }))
}

/// As at Azure: letters, digits and a few signs, and no full stop at the end.
fn check_name(name: &str) -> Result<(), ArmError> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '(' | ')');
    if (1..=90).contains(&name.chars().count()) && name.chars().all(is_plain) && !name.ends_with('.') {
        return Ok(());
    }
    Err(ArmError::Refused {
        code: "InvalidResourceGroup",
        message: format!(
            "The provided resource group name '{}' has these invalid characters or is too long. The name can only be a letter, digit, '-', '.', '(', ')' or '_', up to 90 of them, and cannot end with a period.",
            name.chars().take(100).collect::<String>()
        ),
    })
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let subscription = registries::subscription(state, &request.scope).await?;
    let name = request.name(1);
    check_name(name)?;
    let body = request.object()?;
    let location = body["location"].as_str().map(wish::location).transpose()?;
    let tags = wish::tags(&body["tags"])?;
    let present = match registries::resource_group(state, &subscription, name).await {
        Ok(group) => Some(group),
        Err(ArmError::ResourceGroupNotFound(_)) => None,
        Err(error) => return Err(error),
    };
    let (group, status) = match present {
        Some(present) => {
            if location.is_some_and(|location| location != present.location) {
                return Err(ArmError::Conflict {
                    code: "InvalidResourceGroupLocation",
                    message: format!(
                        "Invalid resource group location. The Resource group '{}' already exists in location '{}'.",
                        present.name, present.location
                    ),
                });
            }
            (ResourceGroup { tags: tags.unwrap_or(Tags::new()), ..present }, StatusCode::OK)
        }
        None => {
            let location = location.ok_or_else(|| ArmError::Refused {
                code: "LocationRequired",
                message: "The location property is required for this definition.".into(),
            })?;
            let tags = tags.unwrap_or_default();
            let group =
                ResourceGroup { subscription: subscription.id, name: name.to_owned(), location, tags };
            (group, StatusCode::CREATED)
        }
    };
    objects::put(&*state.store, &group, (state.clock)()).await?;
    tracing::info!(group = id(&group), by = %request.subject, "a resource group was set");
    Ok((status, Json(view(&group))).into_response())
}

async fn patch(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut group = find(state, request).await?;
    if let Some(tags) = wish::tags(&request.object()?["tags"])? {
        group.tags = tags;
    }
    objects::put(&*state.store, &group, (state.clock)()).await?;
    Ok(Json(view(&group)).into_response())
}

/// Deletes a group with all registries in it. It is checked before anything is deleted that all of them can be.
async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let group = find(state, request).await?;
    let scope = ResourceId::parse(&id(&group))?;
    let mut inside = Vec::new();
    for registry in state.store.registries(group.subscription).await? {
        let known = KnownRegistry::new(registry)?;
        // What is attached to a registry goes with it.
        if known.id.is_within(&scope) && known.registry.attached_to.is_none() {
            request.caller.require(Action::REGISTRY_DELETE, &known.id)?;
            inside.push(known);
        }
    }
    let first = &state.installation.registry;
    if inside.iter().any(|known| known.registry.name.eq_ignore_ascii_case(first)) {
        return Err(ArmError::Conflict {
            code: "ResourceGroupDeletionBlocked",
            message: format!(
                "Deletion of resource group '{}' failed as the registry '{first}' answers under the address of the server itself and cannot be deleted.",
                group.name
            ),
        });
    }
    for known in &inside {
        registry::remove(state, request, known).await?;
    }
    let key = ResourceGroup::key_of(group.subscription, &group.name);
    objects::delete::<ResourceGroup, _>(&*state.store, &key).await?;
    role_assignment::forget_within(state, &scope).await?;
    state.store.forget_scope(scope.as_str(), &request.caller.actor(), (state.clock)()).await?;
    tracing::info!(group = %scope, by = %request.subject, "a resource group was deleted");
    Ok(empty(StatusCode::OK))
}
