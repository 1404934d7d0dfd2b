//! Role assignments: who has which role where.
//!
//! They are in force with the next request, at every face. They are loaded before anything is decided about them, and the
//! right is asked for where the assignment is, not where the path says (attack D1).

use super::{Resource, Right, Route, role_definition};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, directory, page, registries};
use access::{Action, CONDITION_VERSION, Condition, ResourceId, Role, RoleId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::authorization;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::{AssignmentOutcome, Membership, NamedAssignment, PrincipalId, RoleAssignment, objects};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Authorization/roleAssignments",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Authorization/roleAssignments",
            right: Right::At(Action::ROLE_ASSIGNMENT_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
            right: Right::At(Action::ROLE_ASSIGNMENT_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
            right: Right::At(Action::ROLE_ASSIGNMENT_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
            right: Right::At(Action::ROLE_ASSIGNMENT_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

/// Where an assignment is; none if that cannot be read, and then it grants nothing.
fn scope_of(assignment: &NamedAssignment) -> Option<ResourceId> {
    ResourceId::parse(&assignment.assignment.scope).ok()
}

/// An assignment at its scope, as it is seen from another one: clients look its role up among those that are listed
/// there.
fn view(assignment: &NamedAssignment, scope: &ResourceId, seen_from: &ResourceId) -> Value {
    let definition = role_definition::id_at(seen_from, RoleId(assignment.assignment.role.0));
    json!({
        "id": authorization::assignment_id(scope, assignment),
        "name": assignment.id.to_string(),
        "type": authorization::ASSIGNMENT,
        "properties": authorization::assignment(assignment, scope, &definition),
    })
}

/// What a list is narrowed to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filter {
    /// Only at the scope and above it, not below.
    is_at_scope: bool,
    principal: Option<Uuid>,
    /// Whether the principal's groups count too.
    with_groups: bool,
}

impl Filter {
    fn parse(text: Option<&str>) -> Result<Self, ArmError> {
        let Some(text) = text else { return Ok(Self::default()) };
        let wrong = || {
            ArmError::Invalid(format!(
                "The $filter '{}' is not understood; write atScope(), principalId eq 'ID' or assignedTo('ID').",
                text.chars().take(200).collect::<String>()
            ))
        };
        let mut filter = Self::default();
        for part in text.split(" and ").map(str::trim).filter(|part| !part.is_empty()) {
            let lower = part.to_ascii_lowercase();
            let quoted = |text: &str| text.trim().trim_matches('\'').parse::<Uuid>().map_err(|_| wrong());
            if lower == "atscope()" {
                filter.is_at_scope = true;
            } else if let Some(rest) = lower.strip_prefix("principalid eq ") {
                filter.principal = Some(quoted(rest)?);
            } else if let Some(rest) =
                lower.strip_prefix("assignedto(").and_then(|rest| rest.strip_suffix(')'))
            {
                filter.principal = Some(quoted(rest)?);
                filter.with_groups = true;
            } else {
                return Err(wrong());
            }
        }
        Ok(filter)
    }
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let filter = Filter::parse(request.query("$filter"))?;
    let mut principals = filter.principal.map(|principal| vec![principal]);
    if let (Some(principal), Some(principals), true) = (filter.principal, &mut principals, filter.with_groups)
    {
        let groups = objects::all_of::<Membership, _>(&*state.store, &principal.to_string()).await?;
        principals.extend(groups.iter().map(|membership| membership.group));
    }
    let mut value = Vec::new();
    for assignment in state.store.named_assignments(None).await? {
        let Some(scope) = scope_of(&assignment) else { continue };
        let is_below = scope.is_within(&request.scope);
        let is_above = request.scope.is_within(&scope);
        let is_here = is_above || is_below && !filter.is_at_scope;
        let is_theirs =
            principals.as_ref().is_none_or(|all| all.contains(&assignment.assignment.principal.0));
        if is_here && is_theirs {
            value.push(view(&assignment, &scope, &request.scope));
        }
    }
    Ok(page::whole(value))
}

/// The assignment of a path, at the scope of the path.
async fn find(
    state: &ArmState,
    request: &Request,
) -> Result<Option<(NamedAssignment, ResourceId)>, ArmError> {
    let Ok(id) = request.name(0).parse::<Uuid>() else { return Ok(None) };
    let Some(assignment) = state.store.role_assignment(id).await? else { return Ok(None) };
    let scope = scope_of(&assignment).filter(|scope| *scope == request.scope);
    Ok(scope.map(|scope| (assignment, scope)))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let found = find(state, request).await?;
    let (assignment, scope) =
        found.ok_or_else(|| ArmError::RoleAssignmentNotFound(request.name(0).to_owned()))?;
    Ok(Json(view(&assignment, &scope, &scope)).into_response())
}

fn refused(code: &'static str, message: impl Into<String>) -> ArmError {
    ArmError::Refused { code, message: message.into() }
}

/// The role that a body names, if it can be given at the scope.
async fn role(state: &ArmState, text: &str, scope: &ResourceId) -> Result<RoleId, ArmError> {
    let name = text.rsplit('/').next().unwrap_or_default();
    let missing = || ArmError::RoleDefinitionNotFound(name.chars().take(80).collect());
    let role = RoleId(name.parse().map_err(|_| missing())?);
    if Role::find(role).is_some() {
        return Ok(role);
    }
    let definition = role_definition::custom(state, role).await?.ok_or_else(missing)?;
    if definition.assignable_scopes.iter().any(|assignable| scope.is_within(assignable)) {
        return Ok(role);
    }
    Err(refused(
        "RoleDefinitionNotAssignable",
        format!(
            "The role '{}' cannot be given at '{scope}': its assignableScopes do not have it.",
            definition.role.name
        ),
    ))
}

/// The assignment that a request wants, under the name of the path.
async fn wanted(state: &ArmState, request: &Request) -> Result<NamedAssignment, ArmError> {
    let id: Uuid = request
        .name(0)
        .parse()
        .map_err(|_| refused("InvalidRoleAssignmentId", "The name of a role assignment must be a GUID."))?;
    let body = request.object()?;
    let properties = if body["properties"].is_object() { &body["properties"] } else { &body };
    let condition = condition(properties)?;
    let scope = &request.scope;
    if scope.subscription().is_some() {
        registries::subscription(state, scope).await?;
    }
    let role = role(state, properties["roleDefinitionId"].as_str().unwrap_or_default(), scope).await?;
    let principal: Uuid = properties["principalId"].as_str().unwrap_or_default().parse().map_err(|_| {
        refused(
            "InvalidPrincipalId",
            "principalId must be the object id of a user, group or service principal.",
        )
    })?;
    let kind = directory::principal_kind(state, principal).await?.ok_or_else(|| {
        refused(
            "PrincipalNotFound",
            format!(
                "Principal {} does not exist in the directory {}. Check that you have the correct principal ID.",
                principal.simple(),
                state.tenant()
            ),
        )
    })?;
    Ok(NamedAssignment {
        id,
        assignment: RoleAssignment {
            principal: PrincipalId(principal),
            role: store::RoleId(role.0),
            scope: scope.to_string(),
        },
        principal_kind: kind.to_owned(),
        condition,
        description: properties["description"].as_str().map(|text| text.chars().take(1024).collect()),
        created_at: Some((state.clock)()),
        created_by: Some(PrincipalId(request.caller.principal.id)),
    })
}

/// The condition of a body, if it can be evaluated.
fn condition(properties: &Value) -> Result<Option<String>, ArmError> {
    let Some(text) = properties["condition"].as_str().filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let version = &properties["conditionVersion"];
    if !version.is_null() && version != CONDITION_VERSION {
        return Err(refused(
            "InvalidConditionVersion",
            format!("The conditionVersion must be '{CONDITION_VERSION}'."),
        ));
    }
    match text.parse::<Condition>() {
        Ok(condition) => Ok(Some(condition.as_str().to_owned())),
        Err(error) => Err(refused("InvalidCondition", format!("The condition cannot be used: {error}."))),
    }
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let wanted = wanted(state, request).await?;
    let scope = &request.scope;
    let status = match state.store.put_role_assignment(wanted.clone()).await? {
        AssignmentOutcome::Created => StatusCode::CREATED,
        AssignmentOutcome::Updated => StatusCode::OK,
        AssignmentOutcome::Exists(other) => {
            return Err(ArmError::Conflict {
                code: "RoleAssignmentExists",
                message: format!(
                    "The role assignment already exists. The ID of the existing role assignment is {}.",
                    other.simple()
                ),
            });
        }
        AssignmentOutcome::NameTaken => {
            return Err(ArmError::Conflict {
                code: "RoleAssignmentUpdateNotPermitted",
                message: "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
                    .into(),
            });
        }
    };
    let RoleAssignment { principal, role, .. } = &wanted.assignment;
    tracing::info!(assignment = %wanted.id, %principal, %role, %scope, by = %request.subject, "a role was given");
    let kept = state.store.role_assignment(wanted.id).await?.unwrap_or(wanted);
    Ok((status, Json(view(&kept, scope, scope))).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let Some((assignment, scope)) = find(state, request).await? else {
        return Ok(empty(StatusCode::NO_CONTENT));
    };
    state.store.delete_role_assignment(assignment.id).await?;
    tracing::info!(assignment = %assignment.id, %scope, by = %request.subject, "a role was taken away");
    Ok(Json(view(&assignment, &scope, &scope)).into_response())
}

/// Takes away all roles that were given at a scope that goes, or below it.
pub(super) async fn forget_within(state: &ArmState, scope: &ResourceId) -> Result<(), ArmError> {
    for assignment in state.store.named_assignments(None).await? {
        if scope_of(&assignment).is_some_and(|there| there.is_within(scope)) {
            state.store.delete_role_assignment(assignment.id).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_understood_or_refused() {
        let id = Uuid::from_u128(5);
        let parse = |text: &str| Filter::parse(Some(text)).ok();
        let filter = parse(&format!("atScope() and assignedTo('{id}')")).unwrap();
        assert_eq!(filter, Filter { is_at_scope: true, principal: Some(id), with_groups: true });
        let filter = parse(&format!("principalId eq '{id}'")).unwrap();
        assert_eq!(filter, Filter { is_at_scope: false, principal: Some(id), with_groups: false });
        for wrong in ["asTarget()", "principalId eq 'x'", "assignedTo(x)", "principalId ne 'x'"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
