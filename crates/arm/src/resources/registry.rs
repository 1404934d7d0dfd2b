//! Registries as resources: created, changed, deleted, read.
//!
//! A registry is there as soon as it is created: its host answers at once, and the plan of its subscription covers it.
//! What can be set at Azure and has no counterpart here is refused where it would promise something, and told with its
//! default otherwise.

pub(super) mod wish;

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::registry::Facts;
use graph::documents::{self, KnownRegistry};
use http::{Method, StatusCode};
use serde_json::json;
use store::{
    EventKind, NewEvent, NewRegistry, PullPolicy, RegistryId, RegistryRemoval, RegistryRules,
    RegistrySettings, objects,
};
use wish::Wish;

pub(super) const RESOURCE: Resource = Resource {
    kind: documents::registry::KIND,
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries",
            right: Right::Within(Action::REGISTRY_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}",
            right: Right::On(Action::REGISTRY_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}",
            right: Right::On(Action::REGISTRY_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::PATCH,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}",
            right: Right::On(Action::REGISTRY_WRITE),
            handler: |state, request| Box::pin(patch(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}",
            right: Right::On(Action::REGISTRY_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

/// What a name must be like.
pub(super) const NAME_RULE: &str =
    "Registry names may contain alpha numeric characters only and must be between 5 and 50 characters.";

/// Why a registry cannot have a name.
pub(super) enum NameFault {
    Malformed,
    Taken,
}

/// What stands against a name for a new registry, if anything does. Names are unique in the whole installation, since
/// they are part of hosts.
pub(super) async fn name_fault(state: &ArmState, name: &str) -> Result<Option<NameFault>, ArmError> {
    if !(5..=50).contains(&name.len()) || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(Some(NameFault::Malformed));
    }
    Ok(state.store.registry_by_name(name).await?.map(|_| NameFault::Taken))
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut found = registries::within(state, &request.caller, &request.scope, Action::REGISTRY_READ).await?;
    // What is attached has images and verdicts, but is none of Azure's registries: nothing can be done with it there.
    found.retain(|known| known.registry.attached_to.is_none());
    let mut value = Vec::new();
    for known in &found {
        value.push(documents::registry::whole(known, &facts(state, known.registry.id).await?));
    }
    Ok(page::whole(value))
}

/// The id of the registry that a path names.
fn id(request: &Request) -> Result<ResourceId, ArmError> {
    Ok(request.scope.joined(&["providers", "Microsoft.ContainerRegistry", "registries", request.name(0)])?)
}

/// The registry of that id, if it stands where the id says.
pub(super) async fn at(state: &ArmState, id: &ResourceId) -> Result<Option<KnownRegistry>, ArmError> {
    let Some(registry) = state.store.registry_by_name(id.name().unwrap_or_default()).await? else {
        return Ok(None);
    };
    let known = KnownRegistry::new(registry)?;
    Ok(Some(known).filter(|known| known.id == *id))
}

/// The registry that a path names. The right was asked for before.
///
/// # Errors
/// When there is none.
pub(super) async fn named(state: &ArmState, request: &Request) -> Result<KnownRegistry, ArmError> {
    let id = id(request)?;
    at(state, &id).await?.ok_or_else(|| ArmError::ResourceNotFound(id.to_string()))
}

/// The settings of a registry.
pub(super) async fn settings(state: &ArmState, id: RegistryId) -> Result<RegistrySettings, ArmError> {
    let found = objects::find(&*state.store, &id.0.to_string()).await?;
    Ok(found.unwrap_or_else(|| RegistrySettings::unset(id)))
}

async fn facts(state: &ArmState, id: RegistryId) -> Result<Facts, ArmError> {
    Ok(Facts {
        settings: settings(state, id).await?,
        policy: state.store.pull_policy(id).await?,
        rules: state.store.registry_rules(id).await?,
    })
}

async fn answer(state: &ArmState, known: &KnownRegistry) -> Result<Response, ArmError> {
    let facts = facts(state, known.registry.id).await?;
    Ok(Json(documents::registry::whole(known, &facts)).into_response())
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    answer(state, &named(state, request).await?).await
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let wish = Wish::parse(&request.object()?)?;
    let id = id(request)?;
    if let Some(known) = at(state, &id).await? {
        return change(state, request, known, wish).await;
    }
    let subscription = registries::subscription(state, &id).await?;
    let group = id.resource_group().unwrap_or_default();
    let group = registries::resource_group(state, &subscription, group).await?;
    let name = request.name(0);
    // What makes no sense is refused before anything is made.
    wish.ruled(RegistryRules::default())?;
    match name_fault(state, name).await? {
        None => {}
        Some(NameFault::Malformed) => return Err(ArmError::Invalid(NAME_RULE.into())),
        Some(NameFault::Taken) => return Err(taken(state, name)),
    }
    let new = NewRegistry {
        subscription: subscription.id,
        resource_group: group.name,
        name: name.to_owned(),
        login_server: format!("{}.{}", name.to_ascii_lowercase(), state.registry_suffix),
        location: wish.location.clone().ok_or_else(|| ArmError::Refused {
            code: "LocationRequired",
            message: "The location property is required for this definition.".into(),
        })?,
    };
    let created = state.store.create_registry(new, &request.caller.actor(), (state.clock)()).await?;
    let known = KnownRegistry::new(created.ok_or_else(|| taken(state, name))?)?;
    tracing::info!(registry = %known.id, by = %request.subject, "a registry was created");
    apply(state, request, known.registry.id, &wish).await?;
    let mut response = answer(state, &known).await?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

fn taken(state: &ArmState, name: &str) -> ArmError {
    ArmError::Conflict {
        code: "AlreadyInUse",
        message: format!(
            "The registry DNS name {}.{} is already in use. You can check if the name is already claimed using checkNameAvailability.",
            name.to_ascii_lowercase(),
            state.registry_suffix
        ),
    }
}

async fn patch(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = named(state, request).await?;
    let wish = Wish::parse(&request.object()?)?;
    change(state, request, known, wish).await
}

/// Changes what a request names; everything else stays as it is, also for `PUT`: a policy that a script has not heard of
/// must not be switched off by it.
async fn change(
    state: &ArmState,
    request: &Request,
    known: KnownRegistry,
    wish: Wish,
) -> Result<Response, ArmError> {
    if let Some(location) = &wish.location
        && *location != wish::location(&known.registry.location)?
    {
        return Err(ArmError::Conflict {
            code: "InvalidResourceLocation",
            message: format!(
                "The resource '{}' already exists in location '{}'. A resource with the same name cannot be created in location '{location}'.",
                known.registry.name, known.registry.location
            ),
        });
    }
    apply(state, request, known.registry.id, &wish).await?;
    tracing::info!(registry = %known.id, by = %request.subject, "a registry was changed");
    answer(state, &known).await
}

/// Changes what is wished, and tells history of it.
pub(super) async fn apply(
    state: &ArmState,
    request: &Request,
    id: RegistryId,
    wish: &Wish,
) -> Result<(), ArmError> {
    let now = (state.clock)();
    let before = settings(state, id).await?;
    let mut after = wish.applied(before.clone(), now);
    let policy = state.store.pull_policy(id).await?;
    if let Some(quarantine) = wish.quarantine.filter(|wanted| *wanted != policy.quarantine) {
        let actor = request.caller.actor();
        state.store.set_pull_policy(id, PullPolicy { quarantine, ..policy }, &actor, now).await?;
    }
    let rules = state.store.registry_rules(id).await?;
    let wanted = wish.ruled(rules.clone())?;
    if wanted != rules {
        state.store.set_registry_rules(id, wanted, &request.caller.actor(), now).await?;
    }
    if after == before {
        return Ok(());
    }
    after.changed_at = Some(now);
    objects::put(&*state.store, &after, now).await?;
    let event = NewEvent {
        kind: EventKind::REGISTRY_CHANGED,
        registry: Some(id),
        repository: None,
        digest: None,
        tag: None,
        actor: request.caller.actor(),
        at: now,
        detail: json!({
            "sku": after.sku,
            "tags": after.tags,
            "adminUserEnabled": after.admin_enabled,
            "retentionDays": after.retention.filter(|retention| retention.is_enabled).map(|one| one.days),
            "retention": after.retention,
            "refusesArmTokens": after.refuses_arm_tokens,
            "repositoryPermissions": after.repository_permissions,
        }),
    };
    state.store.append_event(event).await?;
    Ok(())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let id = id(request)?;
    // Gone already is gone, as at Azure.
    let Some(known) = at(state, &id).await? else { return Ok(empty(StatusCode::NO_CONTENT)) };
    remove(state, request, &known).await?;
    Ok(empty(StatusCode::OK))
}

/// Deletes a registry, and with it roles, rules, exemptions and whatever else was set at it or below: another one of the
/// same name begins anew.
///
/// # Errors
/// When it is the first registry.
pub(super) async fn remove(
    state: &ArmState,
    request: &Request,
    known: &KnownRegistry,
) -> Result<(), ArmError> {
    let removal =
        state.store.delete_registry(known.registry.id, &request.caller.actor(), (state.clock)()).await?;
    if removal == RegistryRemoval::First {
        return Err(ArmError::Conflict {
            code: "ResourceInUse",
            message: format!(
                "The registry '{}' answers under the address of the server itself and cannot be deleted.",
                known.registry.name
            ),
        });
    }
    super::role_assignment::forget_within(state, &known.id).await?;
    tracing::info!(registry = %known.id, by = %request.subject, "a registry was deleted");
    Ok(())
}
