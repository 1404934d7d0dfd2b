//! Scope maps: what a registry's own tokens may open.

use super::registry;
use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::KnownRegistry;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::{ScopeMap, ScopeMapRemoval, ScopedAction};

macro_rules! route {
    ($method:ident $tail:literal $right:ident $action:ident $handler:ident) => {
        Route {
            method: Method::$method,
            pattern: concat!(
                "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/scopeMaps",
                $tail
            ),
            right: Right::$right(Action::$action),
            handler: |state, request| Box::pin($handler(state, request)),
        }
    };
}

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/scopeMaps",
    routes: &[
        route!(GET "" Of SCOPE_MAP_READ list),
        route!(GET "/{map}" On SCOPE_MAP_READ one),
        route!(PUT "/{map}" On SCOPE_MAP_WRITE put),
        route!(PATCH "/{map}" On SCOPE_MAP_WRITE patch),
        route!(DELETE "/{map}" On SCOPE_MAP_DELETE delete),
    ],
};

/// The id of a scope map.
pub(super) fn id(known: &KnownRegistry, name: &str) -> String {
    format!("{}/scopeMaps/{name}", known.id)
}

fn view(known: &KnownRegistry, map: &ScopeMap) -> Value {
    json!({
        "id": id(known, &map.name),
        "name": map.name,
        "type": "Microsoft.ContainerRegistry/registries/scopeMaps",
        "properties": {
            "description": map.description,
            "type": if map.is_built_in { "SystemDefined" } else { "UserDefined" },
            "creationDate": map.created_at.map(|at| at.to_string()),
            "provisioningState": "Succeeded",
            "actions": map.actions.iter().map(ToString::to_string).collect::<Vec<_>>(),
        },
    })
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = registry::named(state, request).await?;
    let maps = state.store.scope_maps(known.registry.id).await?;
    Ok(page::whole(maps.iter().map(|map| view(&known, map)).collect()))
}

async fn find(state: &ArmState, request: &Request) -> Result<(KnownRegistry, Option<ScopeMap>), ArmError> {
    let known = registry::named(state, request).await?;
    let map = state.store.scope_map(known.registry.id, request.name(1)).await?;
    Ok((known, map))
}

async fn present(state: &ArmState, request: &Request) -> Result<(KnownRegistry, ScopeMap), ArmError> {
    let (known, map) = find(state, request).await?;
    let missing = || ArmError::ResourceNotFound(id(&known, request.name(1)));
    let map = map.ok_or_else(missing)?;
    Ok((known, map))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (known, map) = present(state, request).await?;
    Ok(Json(view(&known, &map)).into_response())
}

/// The name of something of a registry: as at Azure.
pub(super) fn check_name(name: &str) -> Result<(), ArmError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (5..=50).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('_') {
        return Ok(());
    }
    Err(ArmError::Invalid("A name is 5 to 50 letters, digits and - _ .".into()))
}

fn actions(value: &Value) -> Result<Option<Vec<ScopedAction>>, ArmError> {
    let Some(words) = value.as_array() else { return Ok(None) };
    if words.len() > ScopeMap::MOST_ACTIONS {
        return Err(ArmError::Invalid(format!(
            "A scope map has {} actions at most.",
            ScopeMap::MOST_ACTIONS
        )));
    }
    let read = |word: &Value| {
        let text = word.as_str().unwrap_or_default();
        text.parse::<ScopedAction>().map_err(|error| ArmError::Invalid(format!("{error}.")))
    };
    words.iter().map(read).collect::<Result<_, _>>().map(Some)
}

async fn keep(
    state: &ArmState,
    request: &Request,
    known: &KnownRegistry,
    map: Option<ScopeMap>,
) -> Result<Response, ArmError> {
    let name = request.name(1);
    let status = if map.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let body = request.object()?;
    let properties = &body["properties"];
    let given: Option<String> =
        properties["description"].as_str().map(|text| text.chars().take(256).collect());
    let (old_description, old_actions) = map.map(|map| (map.description, map.actions)).unwrap_or_default();
    let actions = actions(&properties["actions"])?.unwrap_or(old_actions);
    let description = given.unwrap_or(old_description);
    let kept =
        state.store.put_scope_map(known.registry.id, name, &description, actions, (state.clock)()).await?;
    let kept =
        kept.ok_or_else(|| ArmError::Invalid("Scope maps that are built in cannot be changed.".into()))?;
    Ok((status, Json(view(known, &kept))).into_response())
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (known, map) = find(state, request).await?;
    if map.is_none() {
        check_name(request.name(1))?;
    }
    keep(state, request, &known, map).await
}

async fn patch(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (known, map) = present(state, request).await?;
    keep(state, request, &known, Some(map)).await
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = registry::named(state, request).await?;
    match state.store.delete_scope_map(known.registry.id, request.name(1)).await? {
        ScopeMapRemoval::Removed => Ok(empty(StatusCode::OK)),
        ScopeMapRemoval::Absent => Ok(empty(StatusCode::NO_CONTENT)),
        ScopeMapRemoval::BuiltIn => {
            Err(ArmError::Invalid("Scope maps that are built in cannot be deleted.".into()))
        }
        ScopeMapRemoval::InUse => Err(ArmError::Conflict {
            code: "ScopeMapInUse",
            message: "Tokens use this scope map; delete them, or give them another one, first.".into(),
        }),
    }
}
