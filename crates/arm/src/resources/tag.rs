//! Tags of groups and registries by themselves (`Microsoft.Resources/tags`), and which tags a subscription uses.
//!
//! The tags are those of the group or the registry; this is another way to them.

use super::registry;
use super::registry::wish::{self, Wish};
use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::KnownRegistry;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{ResourceGroup, Tags, objects};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Resources/tags",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/tagNames",
            right: Right::At(Action::TAG_READ),
            handler: |state, request| Box::pin(names(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: DEFAULT,
            right: Right::At(Action::TAG_READ),
            handler: |state, request| Box::pin(show(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: DEFAULT,
            right: Right::At(Action::TAG_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::PATCH,
            pattern: DEFAULT,
            right: Right::At(Action::TAG_WRITE),
            handler: |state, request| Box::pin(patch(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: DEFAULT,
            right: Right::At(Action::TAG_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

/// All tags of one thing have this name.
const DEFAULT: &str = "{scope}/providers/Microsoft.Resources/tags/default";

/// What can have tags.
enum Tagged {
    Group(ResourceGroup),
    Registry(Box<KnownRegistry>),
}

impl Tagged {
    /// What a request speaks of. The right was asked for before.
    async fn of(state: &ArmState, request: &Request) -> Result<Self, ArmError> {
        let scope = &request.scope;
        match scope.segments().count() {
            4 => {
                let subscription = registries::subscription(state, scope).await?;
                let name = scope.resource_group().unwrap_or_default();
                Ok(Self::Group(registries::resource_group(state, &subscription, name).await?))
            }
            8 => match registry::at(state, scope).await? {
                Some(known) => Ok(Self::Registry(Box::new(known))),
                None => Err(ArmError::ResourceNotFound(scope.to_string())),
            },
            _ => Err(ArmError::Refused {
                code: "NotSupported",
                message: "Resource groups and registries have tags here; set them there.".into(),
            }),
        }
    }

    async fn tags(&self, state: &ArmState) -> Result<Tags, ArmError> {
        match self {
            Self::Group(group) => Ok(group.tags.clone()),
            Self::Registry(known) => Ok(registry::settings(state, known.registry.id).await?.tags),
        }
    }

    async fn set(&self, state: &ArmState, request: &Request, tags: Tags) -> Result<(), ArmError> {
        match self {
            Self::Group(group) => {
                objects::put(&*state.store, &ResourceGroup { tags, ..group.clone() }, (state.clock)())
                    .await?;
            }
            Self::Registry(known) => {
                let wish = Wish::of_tags(tags);
                registry::apply(state, request, known.registry.id, &wish).await?;
            }
        }
        tracing::info!(scope = %request.scope, by = %request.subject, "tags were set");
        Ok(())
    }
}

fn view(scope: &ResourceId, tags: &Tags) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Resources/tags/default"),
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": tags},
    })
}

/// The tags that a body names.
fn given(body: &Value) -> Result<Tags, ArmError> {
    wish::tags(&body["properties"]["tags"])?
        .ok_or_else(|| ArmError::Invalid("The tags stand in 'properties.tags'.".into()))
}

async fn show(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let tags = Tagged::of(state, request).await?.tags(state).await?;
    Ok(Json(view(&request.scope, &tags)).into_response())
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let tagged = Tagged::of(state, request).await?;
    let tags = given(&request.object()?)?;
    tagged.set(state, request, tags.clone()).await?;
    Ok(Json(view(&request.scope, &tags)).into_response())
}

/// Merges, replaces or takes away.
async fn patch(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let tagged = Tagged::of(state, request).await?;
    let body = request.object()?;
    let given = given(&body)?;
    let mut tags = tagged.tags(state).await?;
    match body["operation"].as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
        "merge" => {
            // Names of tags have no case, and keep the spelling of the last writer.
            tags.retain(|name, _| !given.keys().any(|other| other.eq_ignore_ascii_case(name)));
            tags.extend(given);
        }
        "replace" => tags = given,
        // A tag goes where name and value are the ones named.
        "delete" => tags.retain(|name, value| {
            !given.iter().any(|(other, text)| other.eq_ignore_ascii_case(name) && text == value)
        }),
        _ => return Err(ArmError::Invalid("'operation' is Merge, Replace or Delete.".into())),
    }
    // Together there may be more than one thing can have.
    let tags = wish::tags(&json!(tags))?.unwrap_or_default();
    tagged.set(state, request, tags.clone()).await?;
    Ok(Json(view(&request.scope, &tags)).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Tagged::of(state, request).await?.set(state, request, Tags::new()).await?;
    Ok(empty(StatusCode::OK))
}

/// The tags of groups and registries that the caller may read, with how often each is there.
async fn names(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let subscription = registries::subscription(state, &request.scope).await?;
    let mut all: Vec<Tags> = Vec::new();
    for group in registries::resource_groups(state, &subscription).await? {
        let scope = request.scope.joined(&["resourceGroups", &group.name])?;
        if request.caller.may(Action::RESOURCE_GROUP_READ, &scope) {
            all.push(group.tags);
        }
    }
    for registry in state.store.registries(subscription.id).await? {
        let known = KnownRegistry::new(registry)?;
        if known.registry.attached_to.is_none() && request.caller.may(Action::REGISTRY_READ, &known.id) {
            all.push(registry::settings(state, known.registry.id).await?.tags);
        }
    }
    let mut counted: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for (name, value) in all.into_iter().flatten() {
        *counted.entry(name).or_default().entry(value).or_default() += 1;
    }
    let total = |count: u64| json!({"type": "Total", "value": count});
    let value = counted.into_iter().map(|(name, values)| {
        let id = format!("{}/tagNames/{name}", request.scope);
        json!({
            "id": id,
            "tagName": name,
            "count": total(values.values().sum()),
            "values": values.into_iter().map(|(value, count)| json!({
                "id": format!("{id}/tagValues/{value}"), "tagValue": value, "count": total(count),
            })).collect::<Vec<Value>>(),
        })
    });
    Ok(page::whole(value.collect()))
}
