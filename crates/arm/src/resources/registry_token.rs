//! Tokens of a registry's own, and their passwords.

use super::registry;
use super::scope_map::{self, check_name};
use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use graph::documents::KnownRegistry;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{PasswordSlot, PrincipalId, ScopedToken, TokenPassword, TokenPut};
use uuid::Uuid;

macro_rules! route {
    ($method:ident $tail:literal $right:ident $action:ident $handler:ident) => {
        Route {
            method: Method::$method,
            pattern: concat!("{scope}/providers/Microsoft.ContainerRegistry/registries/{name}", $tail),
            right: Right::$right(Action::$action),
            handler: |state, request| Box::pin($handler(state, request)),
        }
    };
}

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/tokens",
    routes: &[
        route!(GET "/tokens" Of TOKEN_READ list),
        route!(GET "/tokens/{token}" On TOKEN_READ one),
        route!(PUT "/tokens/{token}" On TOKEN_WRITE put),
        route!(PATCH "/tokens/{token}" On TOKEN_WRITE patch),
        route!(DELETE "/tokens/{token}" On TOKEN_DELETE delete),
        route!(POST "/generateCredentials" Of REGISTRY_TOKEN_CREDENTIALS generate),
    ],
};

fn view(known: &KnownRegistry, token: &ScopedToken) -> Value {
    let passwords = token.passwords.iter().map(|password| {
        json!({
            "name": password.slot.as_str(),
            "creationTime": password.created_at.to_string(),
            "expiry": password.expires_at.map(|at| at.to_string()),
        })
    });
    json!({
        "id": format!("{}/tokens/{}", known.id, token.name),
        "name": token.name,
        "type": "Microsoft.ContainerRegistry/registries/tokens",
        "properties": {
            "creationDate": token.created_at.to_string(),
            "provisioningState": "Succeeded",
            "scopeMapId": scope_map::id(known, &token.scope_map),
            "status": if token.enabled { "enabled" } else { "disabled" },
            "credentials": {"certificates": [], "passwords": passwords.collect::<Vec<_>>()},
        },
    })
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = registry::named(state, request).await?;
    let tokens = state.store.scoped_tokens(known.registry.id).await?;
    Ok(page::whole(tokens.iter().map(|token| view(&known, token)).collect()))
}

async fn find(state: &ArmState, request: &Request) -> Result<(KnownRegistry, Option<ScopedToken>), ArmError> {
    let known = registry::named(state, request).await?;
    let token = state.store.scoped_token(known.registry.id, request.name(1)).await?;
    Ok((known, token))
}

fn missing(known: &KnownRegistry, name: &str) -> ArmError {
    ArmError::ResourceNotFound(format!("{}/tokens/{name}", known.id))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (known, token) = find(state, request).await?;
    let token = token.ok_or_else(|| missing(&known, request.name(1)))?;
    Ok(Json(view(&known, &token)).into_response())
}

/// The name of the scope map that a body names: one of this registry.
fn scope_map_of(known: &KnownRegistry, body: &Value) -> Result<Option<String>, ArmError> {
    let Some(text) = body["properties"]["scopeMapId"].as_str() else { return Ok(None) };
    let own = format!("{}/scopeMaps/", known.id);
    let is_own = text.get(..own.len()).is_some_and(|start| start.eq_ignore_ascii_case(&own));
    match text.get(own.len()..).filter(|name| is_own && !name.is_empty() && !name.contains('/')) {
        Some(name) => Ok(Some(name.to_owned())),
        None => Err(ArmError::Invalid(format!(
            "scopeMapId must be the id of a scope map of this registry: {own}NAME."
        ))),
    }
}

async fn keep(
    state: &ArmState,
    request: &Request,
    known: &KnownRegistry,
    token: Option<ScopedToken>,
) -> Result<Response, ArmError> {
    let body = request.object()?;
    let name = request.name(1);
    let given = scope_map_of(known, &body)?;
    let map = given.or_else(|| token.as_ref().map(|token| token.scope_map.clone()));
    let map = map.ok_or_else(|| ArmError::Invalid("properties.scopeMapId is missing.".into()))?;
    let enabled = match body["properties"]["status"].as_str().map(str::to_ascii_lowercase).as_deref() {
        None => token.as_ref().is_none_or(|token| token.enabled),
        Some("enabled") => true,
        Some("disabled") => false,
        Some(_) => return Err(ArmError::Invalid("status must be enabled or disabled.".into())),
    };
    if let Some(token) = &token {
        clear_passwords(state, known, token, &body).await?;
    }
    let status = if token.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let (id, now) = (PrincipalId(Uuid::new_v4()), (state.clock)());
    match state.store.put_scoped_token(known.registry.id, name, id, &map, enabled, now).await? {
        TokenPut::Kept(token) => Ok((status, Json(view(known, &token))).into_response()),
        TokenPut::NoScopeMap => {
            Err(ArmError::Invalid(format!("There is no scope map '{map}' in this registry.")))
        }
    }
}

/// A body that lists passwords keeps those and no others: so does a client take one away.
async fn clear_passwords(
    state: &ArmState,
    known: &KnownRegistry,
    token: &ScopedToken,
    body: &Value,
) -> Result<(), ArmError> {
    let Some(listed) = body.pointer("/properties/credentials/passwords").and_then(Value::as_array) else {
        return Ok(());
    };
    let named = |slot: PasswordSlot| listed.iter().any(|one| one["name"] == slot.as_str());
    for slot in token.passwords.iter().map(|password| password.slot).filter(|slot| !named(*slot)) {
        state.store.clear_token_password(known.registry.id, &token.name, slot).await?;
        tracing::info!(registry = %known.id, token = token.name, slot = slot.as_str(), "a password was taken away");
    }
    Ok(())
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (known, token) = find(state, request).await?;
    if token.is_none() {
        check_name(request.name(1))?;
    }
    keep(state, request, &known, token).await
}

async fn patch(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (known, token) = find(state, request).await?;
    let token = token.ok_or_else(|| missing(&known, request.name(1)))?;
    keep(state, request, &known, Some(token)).await
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = registry::named(state, request).await?;
    let was_there = state.store.delete_scoped_token(known.registry.id, request.name(1)).await?;
    Ok(empty(if was_there { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}

/// Makes one or both passwords of a token anew. They are shown here and nowhere else.
async fn generate(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = registry::named(state, request).await?;
    let body = request.object()?;
    let name = body["tokenId"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let token = state.store.scoped_token(known.registry.id, name).await?;
    let token = token.ok_or_else(|| missing(&known, name))?;
    let wrong = |message: &str| ArmError::Invalid(message.into());
    let slots = match body["name"].as_str() {
        None => PasswordSlot::ALL.to_vec(),
        Some(word) => {
            vec![PasswordSlot::from_word(word).ok_or_else(|| wrong("name must be password1 or password2."))?]
        }
    };
    let now = (state.clock)();
    let expires_at: Option<Timestamp> = match body["expiry"].as_str() {
        None => None,
        Some(text) => {
            Some(text.parse().map_err(|_| wrong("expiry must be a moment such as 2026-01-31T00:00:00Z."))?)
        }
    };
    if expires_at.is_some_and(|end| end <= now) {
        return Err(wrong("expiry must be in the future."));
    }
    let mut passwords = Vec::new();
    for slot in slots {
        // Two random identifiers of version 4 are 244 random bits of the system.
        // A letter first: command lines take a word that begins with a hyphen for an option.
        let word = "T".to_owned()
            + &URL_SAFE_NO_PAD.encode([*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat());
        let hash = state.entrance.hash(&word).await?;
        let password = TokenPassword { slot, hash, created_at: now, expires_at };
        state.store.set_token_password(known.registry.id, &token.name, password).await?;
        passwords.push(json!({
            "name": slot.as_str(),
            "value": word,
            "creationTime": now.to_string(),
            "expiry": expires_at.map(|at| at.to_string()),
        }));
    }
    tracing::info!(registry = %known.id, token = token.name, by = %request.subject, "passwords of a token were made");
    Ok(Json(json!({"username": token.name, "passwords": passwords})).into_response())
}
