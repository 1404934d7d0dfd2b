//! Locks: `Microsoft.Authorization/locks` of subscriptions, groups and registries.
//!
//! A lock holds for what it was set at and for everything below, whatever rights somebody has: `CanNotDelete` refuses
//! every `DELETE`, `ReadOnly` every method but reading. What holds something locked cannot be deleted either. As at Azure,
//! locks are about management; images are pushed, pulled and deleted by the rules of their registry.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{DocumentKey, DocumentPut, KeptDocument};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Authorization/locks",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Authorization/locks",
            right: Right::At(Action::LOCK_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: ONE,
            right: Right::At(Action::LOCK_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: ONE,
            right: Right::At(Action::LOCK_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: ONE,
            right: Right::At(Action::LOCK_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

/// A lock is taken away by its own route, which no lock closes.
const ONE: &str = "{scope}/providers/Microsoft.Authorization/locks/{name}";

const KEPT: &str = "management-lock";

/// As at Azure.
const LONGEST_NAME: usize = 260;
const LONGEST_NOTES: usize = 512;

/// What a lock refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Level {
    CanNotDelete,
    ReadOnly,
}

/// What somebody says of a lock.
#[derive(Debug, Serialize, Deserialize)]
struct Lock {
    level: Level,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

/// Refuses what a lock refuses. Asked for after the right was, so that nobody else learns of locks.
///
/// # Errors
/// When what the path names, or something above it, is locked; for a deletion also when something below it is.
pub(crate) async fn hold(state: &ArmState, route: &Route, target: &ResourceId) -> Result<(), ArmError> {
    // Where the right is asked for by the handler, nothing is changed, and nobody learns from here what is locked.
    let is_asked_for = matches!(route.right, Right::At(_) | Right::On(_) | Right::Of(_));
    if matches!(route.method, Method::GET | Method::HEAD) || route.pattern == ONE || !is_asked_for {
        return Ok(());
    }
    let is_deletion = route.method == Method::DELETE;
    for kept in state.store.documents(KEPT).await? {
        let (Ok(scope), Ok(lock)) =
            (ResourceId::parse(&kept.scope), serde_json::from_value::<Lock>(kept.body))
        else {
            continue;
        };
        let holds = match lock.level {
            _ if is_deletion => target.is_within(&scope) || scope.is_within(target),
            Level::ReadOnly => target.is_within(&scope),
            Level::CanNotDelete => false,
        };
        if holds {
            let wanted = if is_deletion { "delete" } else { "write" };
            return Err(ArmError::Conflict {
                code: "ScopeLocked",
                message: format!(
                    "The scope '{target}' cannot perform {wanted} operation because following scope(s) are locked: '{scope}'. Please remove the lock and try again."
                ),
            });
        }
    }
    Ok(())
}

fn view(kept: &KeptDocument) -> Option<Value> {
    let Lock { level, notes } = serde_json::from_value(kept.body.clone()).ok()?;
    Some(json!({
        "id": format!("{}/providers/Microsoft.Authorization/locks/{}", kept.scope, kept.name),
        "name": kept.name,
        "type": "Microsoft.Authorization/locks",
        "properties": {"level": level, "notes": notes},
        "systemData": {
            "createdBy": kept.author.0,
            "createdAt": kept.created_at.to_string(),
            "lastModifiedAt": kept.changed_at.to_string(),
        },
    }))
}

fn key(request: &Request) -> DocumentKey {
    DocumentKey { kind: KEPT, scope: request.scope.to_string(), name: request.name(0).to_owned() }
}

/// The locks at a scope and below it.
async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    registries::require_scope(state, &request.scope).await?;
    let all = state.store.documents(KEPT).await?;
    let own = all
        .iter()
        .filter(|kept| ResourceId::parse(&kept.scope).is_ok_and(|scope| scope.is_within(&request.scope)));
    Ok(page::whole(own.filter_map(view).collect()))
}

async fn found(state: &ArmState, request: &Request) -> Result<Value, ArmError> {
    let kept = state.store.document(&key(request)).await?;
    kept.as_ref().and_then(view).ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(Json(found(state, request).await?).into_response())
}

fn lock(request: &Request) -> Result<Lock, ArmError> {
    let lock: Lock = serde_json::from_value(request.object()?["properties"].take()).map_err(|_| {
        ArmError::Invalid(
            "A lock has 'properties' with a 'level', CanNotDelete or ReadOnly, and 'notes'.".into(),
        )
    })?;
    let name = request.name(0);
    let is_name = name.len() <= LONGEST_NAME
        && !name.chars().any(|letter| letter.is_control() || "<>%&:?/\\".contains(letter));
    let has_short_notes = lock.notes.as_ref().is_none_or(|notes| notes.chars().count() <= LONGEST_NOTES);
    if is_name && has_short_notes {
        return Ok(lock);
    }
    Err(ArmError::Invalid(format!(
        "A lock has a name of at most {LONGEST_NAME} bytes without < > % & : ? / \\, and notes of at most {LONGEST_NOTES} letters."
    )))
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let lock = lock(request)?;
    // Subscriptions, groups and registries: what lies in a registry has locks of its own, set by the registry's API.
    if !matches!(request.scope.segments().count(), 2 | 4 | 8) {
        return Err(ArmError::Invalid(
            "A lock is set at a subscription, a resource group or a registry.".into(),
        ));
    }
    registries::require_scope(state, &request.scope).await?;
    let body = serde_json::to_value(&lock)
        .map_err(|error| ArmError::Invalid(format!("The lock cannot be kept: {error}.")))?;
    let status =
        match state.store.put_document(key(request), body, request.caller.actor(), (state.clock)()).await? {
            DocumentPut::Created => StatusCode::CREATED,
            DocumentPut::Replaced => StatusCode::OK,
            DocumentPut::TooMany => {
                return Err(ArmError::Invalid("There are too many locks; delete some.".into()));
            }
        };
    tracing::info!(scope = %request.scope, level = ?lock.level, by = %request.subject, "a lock was set");
    Ok((status, Json(found(state, request).await?)).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let was_there = state.store.delete_document(&key(request)).await?;
    if was_there {
        tracing::info!(scope = %request.scope, by = %request.subject, "a lock was taken away");
    }
    Ok(empty(if was_there { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}
