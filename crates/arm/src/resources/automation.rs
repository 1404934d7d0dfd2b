//! Automations: `Microsoft.Security/automations` of resource groups.
//!
//! Addresses are never shown again: whoever puts an automation without one that was there before has to say it again.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::automations::{self, Automation, KEPT};
use http::{Method, StatusCode};
use serde_json::json;
use store::{Actor, DocumentKey, DocumentPut};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/automations",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/automations",
            right: Right::At(Action::AUTOMATION_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/automations/{name}",
            right: Right::At(Action::AUTOMATION_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.Security/automations/{name}",
            right: Right::At(Action::AUTOMATION_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "{scope}/providers/Microsoft.Security/automations/{name}",
            right: Right::At(Action::AUTOMATION_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
        Route {
            method: Method::POST,
            pattern: "{scope}/providers/Microsoft.Security/automations/{name}/validate",
            right: Right::At(Action::AUTOMATION_WRITE),
            handler: |state, request| Box::pin(validate(state, request)),
        },
    ],
};

/// An automation belongs to a resource group.
async fn group(state: &ArmState, request: &Request) -> Result<(), ArmError> {
    registries::require_scope(state, &request.scope).await?;
    if request.scope.resource_group().is_some() && request.scope.segments().count() == 4 {
        return Ok(());
    }
    Err(ArmError::Invalid("An automation belongs to a resource group; use one as the scope.".into()))
}

fn key(request: &Request) -> DocumentKey {
    DocumentKey { kind: KEPT, scope: request.scope.to_string(), name: request.name(0).to_owned() }
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let all = state.store.documents(KEPT).await?;
    let own = all
        .iter()
        .filter(|kept| ResourceId::parse(&kept.scope).is_ok_and(|scope| scope.is_within(&request.scope)));
    Ok(page::whole(own.filter_map(automations::shown).collect()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let kept = state.store.document(&key(request)).await?;
    let shown = kept.as_ref().and_then(automations::shown);
    let shown = shown.ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))?;
    Ok(Json(shown).into_response())
}

fn automation(state: &ArmState, request: &Request) -> Result<Automation, ArmError> {
    let automation: Automation = serde_json::from_slice(&request.body).map_err(|error| {
        ArmError::Invalid(format!(
            "The body is no automation: {error}. Of actions there are LogicApp, CloudEvents, File, Syslog and Email."
        ))
    })?;
    let subscription = request.scope.subscription().unwrap_or_default();
    automation
        .check(&ResourceId::subscription_scope(subscription)?)
        .map_err(|error| ArmError::Invalid(format!("The automation is refused: {error}.")))?;
    let mails = automation.properties.actions.iter().any(|action| action.kind() == "Email");
    if mails && !state.sends_mail {
        return Err(ArmError::Invalid(
            "This server sends no mail; its operator can set one up under [mail] in its configuration."
                .into(),
        ));
    }
    Ok(automation)
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    group(state, request).await?;
    let is_name = request.name(0).len() <= 128 && request.name(0).chars().all(|letter| !letter.is_control());
    if !is_name {
        return Err(ArmError::Invalid("A name has at most 128 letters.".into()));
    }
    let automation = automation(state, request)?;
    let body = serde_json::to_value(&automation)
        .map_err(|error| ArmError::Invalid(format!("The automation cannot be kept: {error}.")))?;
    let key = key(request);
    let author = Actor(request.caller.principal.name.clone());
    let status = match state.store.put_document(key.clone(), body, author, (state.clock)()).await? {
        DocumentPut::Created => StatusCode::CREATED,
        DocumentPut::Replaced => StatusCode::OK,
        DocumentPut::TooMany => {
            return Err(ArmError::Invalid("There are too many automations; delete some.".into()));
        }
    };
    let kept = state.store.document(&key).await?;
    let shown = kept.as_ref().and_then(automations::shown);
    let shown = shown.ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))?;
    Ok((status, Json(shown)).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let key = key(request);
    if let Some(kept) = state.store.document(&key).await? {
        state.store.delete_document(&key).await?;
        state.store.forget_told(&automations::id(&kept)).await?;
    }
    // Azure's SDKs take any other answer for a failure.
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Whether it would be taken, without taking it.
async fn validate(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    group(state, request).await?;
    let answer = match automation(state, request) {
        Ok(_) => json!({"isValid": true, "message": "Validated successfully"}),
        Err(ArmError::Invalid(why)) => json!({"isValid": false, "message": why}),
        Err(other) => return Err(other),
    };
    Ok(Json(answer).into_response())
}
