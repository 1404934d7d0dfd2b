//! Role definitions: Azure's built-in roles, and roles of the tenant's own.
//!
//! A role of one's own is written by whoever may write roles at every scope at which it can be given, before and after
//! the change: otherwise somebody with rights at one registry could widen a role that others have at another one.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page};
use access::{Action, BUILT_IN_ROLES, CustomRole, Permissions, ResourceId, Role, RoleId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::authorization;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::{PrincipalId, RoleDefinition, objects};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Authorization/roleDefinitions",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Authorization/roleDefinitions",
            right: Right::Within(Action::ROLE_DEFINITION_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}",
            right: Right::Within(Action::ROLE_DEFINITION_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}",
            right: Right::At(Action::ROLE_DEFINITION_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}",
            right: Right::At(Action::ROLE_DEFINITION_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

/// At more scopes than this no role can be given.
const MAXIMUM_SCOPES: usize = 100;

/// The id of a role as seen from a scope: below a subscription, it carries the subscription.
pub(super) fn id_at(scope: &ResourceId, role: RoleId) -> String {
    authorization::definition_id(scope.subscription(), role)
}

fn built_in_view(scope: &ResourceId, role: &Role) -> Value {
    view(scope, role.id, &authorization::built_in_role(role))
}

fn custom_view(scope: &ResourceId, definition: &RoleDefinition) -> Value {
    view(scope, definition.role.id, &authorization::custom_role(definition))
}

fn view(scope: &ResourceId, role: RoleId, properties: &Value) -> Value {
    json!({
        "id": id_at(scope, role),
        "name": role.0.to_string(),
        "type": authorization::DEFINITION,
        "properties": properties,
    })
}

/// # Errors
/// When the caller reads roles neither at the scope nor anywhere below it.
fn require_reader(request: &Request) -> Result<(), ArmError> {
    let caller = &request.caller;
    let below = caller.assignments().iter().any(|assignment| {
        assignment.scope.is_within(&request.scope)
            && caller.may(Action::ROLE_DEFINITION_READ, &assignment.scope)
    });
    if below { Ok(()) } else { caller.require(Action::ROLE_DEFINITION_READ, &request.scope) }
}

/// Whether a role of one's own has anything to do with a scope: it can be given there, or below.
fn concerns(definition: &RoleDefinition, scope: &ResourceId) -> bool {
    definition
        .assignable_scopes
        .iter()
        .any(|assignable| scope.is_within(assignable) || assignable.is_within(scope))
}

/// `$filter`: comparisons of `roleName` and `type`, and `atScopeAndBelow()`, joined by `and`.
fn filter(request: &Request) -> Result<Vec<(&'static str, String)>, ArmError> {
    let Some(text) = request.query("$filter") else { return Ok(Vec::new()) };
    let wrong = || {
        ArmError::Invalid(format!(
            "The $filter '{}' is not understood; write roleName eq 'NAME', type eq 'BuiltInRole' or atScopeAndBelow().",
            text.chars().take(200).collect::<String>()
        ))
    };
    let mut terms = Vec::new();
    for part in text.split(" and ").map(str::trim).filter(|part| !part.is_empty()) {
        if part.eq_ignore_ascii_case("atScopeAndBelow()") {
            continue;
        }
        let (field, value) = part.split_once(" eq ").ok_or_else(wrong)?;
        let field = ["roleName", "type"].into_iter().find(|known| known.eq_ignore_ascii_case(field.trim()));
        let value = value.trim().strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
        let (field, value) = field.zip(value).ok_or_else(wrong)?;
        terms.push((field, value.replace("''", "'")));
    }
    Ok(terms)
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    require_reader(request)?;
    let terms = filter(request)?;
    let scope = &request.scope;
    let own = objects::all::<RoleDefinition, _>(&*state.store).await?;
    let own = own.iter().filter(|one| concerns(one, scope)).map(|one| custom_view(scope, one));
    let all = BUILT_IN_ROLES.iter().map(|role| built_in_view(scope, role)).chain(own);
    let passes = |view: &Value| {
        terms.iter().all(|(field, wanted)| {
            view["properties"][*field].as_str().is_some_and(|here| here.eq_ignore_ascii_case(wanted))
        })
    };
    Ok(page::whole(all.filter(passes).collect()))
}

fn role_id(text: &str) -> Result<RoleId, ArmError> {
    text.parse().map(RoleId).map_err(|_| ArmError::RoleDefinitionNotFound(text.to_owned()))
}

/// A role of the tenant's own.
pub(super) async fn custom(state: &ArmState, role: RoleId) -> Result<Option<RoleDefinition>, ArmError> {
    Ok(objects::find(&*state.store, &role.0.to_string()).await?)
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    require_reader(request)?;
    let missing = || ArmError::RoleDefinitionNotFound(request.name(0).to_owned());
    let role = role_id(request.name(0))?;
    if let Some(role) = Role::find(role) {
        return Ok(Json(built_in_view(&request.scope, role)).into_response());
    }
    let definition = custom(state, role).await?.ok_or_else(missing)?;
    // What may be read is decided by the scopes of the role, not by the scope that was written before its name.
    let reads = |scope: &ResourceId| request.caller.may(Action::ROLE_DEFINITION_READ, scope);
    if !definition.assignable_scopes.iter().any(reads) && !concerns(&definition, &request.scope) {
        return Err(missing());
    }
    Ok(Json(custom_view(&request.scope, &definition)).into_response())
}

/// What a body says: older clients write the members beside `properties`.
struct Wanted {
    role: CustomRole,
    description: String,
    assignable_scopes: Vec<ResourceId>,
}

fn wanted(role: RoleId, body: &Value) -> Result<Wanted, ArmError> {
    let properties = if body["properties"].is_object() { &body["properties"] } else { body };
    let refused = |code, message: String| ArmError::Refused { code, message };
    let permissions: Vec<Permissions> = serde_json::from_value(without_nulls(&properties["permissions"]))
        .map_err(|error| refused("InvalidRoleDefinition", format!("permissions cannot be read: {error}.")))?;
    let name = properties["roleName"].as_str().unwrap_or_default().to_owned();
    let role = CustomRole::new(role, name, permissions)
        .map_err(|error| refused("InvalidRoleDefinition", format!("{error}.")))?;
    let scopes = properties["assignableScopes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let assignable_scopes = scopes
        .iter()
        .map(|scope| ResourceId::parse(scope.as_str().unwrap_or_default()))
        .collect::<Result<Vec<_>, _>>()?;
    if assignable_scopes.is_empty() || assignable_scopes.len() > MAXIMUM_SCOPES {
        return Err(refused(
            "InvalidAssignableScopes",
            format!("assignableScopes must name 1 to {MAXIMUM_SCOPES} scopes."),
        ));
    }
    let description = properties["description"].as_str().unwrap_or_default();
    Ok(Wanted { role, description: description.chars().take(1024).collect(), assignable_scopes })
}

/// Clients write null for a list that they leave out.
fn without_nulls(permissions: &Value) -> Value {
    let mut cleaned = permissions.clone();
    for members in cleaned.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        members.retain(|_, value| !value.is_null());
    }
    cleaned
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let role = RoleId(
        request
            .name(0)
            .parse::<Uuid>()
            .map_err(|_| ArmError::Invalid("The name of a role definition must be a GUID.".into()))?,
    );
    let Wanted { role, description, assignable_scopes } = wanted(role, &request.object()?)?;
    let present = custom(state, role.id).await?;
    let before = present.iter().flat_map(|one| &one.assignable_scopes);
    for scope in assignable_scopes.iter().chain(before) {
        request.caller.require(Action::ROLE_DEFINITION_WRITE, scope)?;
    }
    let others = objects::all::<RoleDefinition, _>(&*state.store).await?;
    if others.iter().any(|other| other.role.id != role.id && other.role.name.eq_ignore_ascii_case(&role.name))
    {
        return Err(ArmError::Conflict {
            code: "RoleDefinitionWithSameNameExists",
            message: format!("A custom role with the name '{}' already exists.", role.name),
        });
    }
    let (now, by) = ((state.clock)(), PrincipalId(request.caller.principal.id));
    let (created_at, created_by) = present.map_or((now, by), |one| (one.created_at, one.created_by));
    let definition = RoleDefinition {
        role,
        description,
        assignable_scopes,
        created_at,
        created_by,
        updated_at: now,
        updated_by: by,
    };
    objects::put(&*state.store, &definition, now).await?;
    tracing::info!(role = %definition.role.id.0, by = %request.subject, "a role was defined");
    // Also where it was there before: Azure answers so, and its clients take anything else for a failure.
    Ok((StatusCode::CREATED, Json(custom_view(&request.scope, &definition))).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let role = role_id(request.name(0))?;
    if Role::find(role).is_some() {
        return Err(ArmError::Refused {
            code: "InvalidRoleDefinition",
            message: "Built-in roles cannot be deleted.".into(),
        });
    }
    let Some(definition) = custom(state, role).await? else { return Ok(empty(StatusCode::NO_CONTENT)) };
    for scope in &definition.assignable_scopes {
        request.caller.require(Action::ROLE_DEFINITION_DELETE, scope)?;
    }
    let assignments = state.store.named_assignments(None).await?;
    if assignments.iter().any(|one| one.assignment.role.0 == role.0) {
        return Err(ArmError::Refused {
            code: "RoleDefinitionHasAssignments",
            message:
                "There are existing role assignments referencing role; take it away from everybody first."
                    .into(),
        });
    }
    objects::delete::<RoleDefinition, _>(&*state.store, &role.0.to_string()).await?;
    tracing::info!(role = %role.0, by = %request.subject, "a role was deleted");
    Ok(Json(custom_view(&request.scope, &definition)).into_response())
}
