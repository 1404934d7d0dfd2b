//! The account that a registry may have for itself: named like the registry, with two passwords.
//!
//! Its passwords are derived from a secret of the installation and a random number that is kept. So they can be shown
//! again, as clients expect, and stand nowhere; another number is another password.

use super::{Resource, Right, Route, registry};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use access::{Action, PageSeal};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};
use store::{EventKind, NewEvent, RegistrySettings, objects};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/listCredentials",
    routes: &[
        Route {
            method: Method::POST,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/listCredentials",
            right: Right::Of(Action::REGISTRY_CREDENTIALS),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::POST,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/regenerateCredential",
            right: Right::Of(Action::REGISTRY_CREDENTIAL_RENEW),
            handler: |state, request| Box::pin(renew(state, request)),
        },
    ],
};

/// The names of the two passwords.
const SLOTS: [&str; 2] = ["password", "password2"];

/// The passwords of a registry's own account.
pub fn registry_passwords(seal: &PageSeal, settings: &RegistrySettings) -> [String; 2] {
    let registry = settings.registry.0.to_string();
    let password = |slot: usize| {
        let nonce = settings.admin_nonces[slot].to_string();
        // A letter first: command lines take a word that begins with a hyphen for an option.
        format!("R{}", seal.derived_secret(&["registry-account", &registry, SLOTS[slot], &nonce]))
    };
    [password(0), password(1)]
}

/// The settings of the registry of a path, if it has an account.
async fn enabled(state: &ArmState, request: &Request) -> Result<(String, RegistrySettings), ArmError> {
    let known = registry::named(state, request).await?;
    let settings = registry::settings(state, known.registry.id).await?;
    if !settings.admin_enabled {
        return Err(ArmError::Refused {
            code: "UnAuthorizedForCredentialOperations",
            message: format!(
                "Cannot perform credential operations for {} as admin user is disabled. Kindly enable admin user as per docs: set properties.adminUserEnabled to true.",
                known.id
            ),
        });
    }
    Ok((known.registry.name, settings))
}

fn view(state: &ArmState, name: &str, settings: &RegistrySettings) -> Value {
    let passwords = registry_passwords(&state.seal, settings);
    let passwords: Vec<Value> =
        SLOTS.iter().zip(passwords).map(|(slot, value)| json!({"name": slot, "value": value})).collect();
    json!({"username": name, "passwords": passwords})
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (name, settings) = enabled(state, request).await?;
    Ok(Json(view(state, &name, &settings)).into_response())
}

async fn renew(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (name, mut settings) = enabled(state, request).await?;
    let body = request.object()?;
    let wanted = body["name"].as_str().unwrap_or_default();
    let slot = SLOTS.iter().position(|slot| slot.eq_ignore_ascii_case(wanted)).ok_or_else(|| {
        ArmError::Invalid("The body must be {\"name\": \"password\"} or {\"name\": \"password2\"}.".into())
    })?;
    settings.admin_nonces[slot] = Uuid::new_v4();
    let now = (state.clock)();
    objects::put(&*state.store, &settings, now).await?;
    let event = NewEvent {
        kind: EventKind::REGISTRY_CHANGED,
        registry: Some(settings.registry),
        repository: None,
        digest: None,
        tag: None,
        actor: request.caller.actor(),
        at: now,
        detail: json!({"regenerated": SLOTS[slot]}),
    };
    state.store.append_event(event).await?;
    Ok(Json(view(state, &name, &settings)).into_response())
}
