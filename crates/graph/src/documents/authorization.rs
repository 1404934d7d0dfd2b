//! Roles, and who was given them where, in Azure's words: the same at the resource manager and in Resource Graph.

use access::{CONDITION_VERSION, ResourceId, Role, RoleId};
use serde_json::{Value, json};
use store::{NamedAssignment, RoleDefinition};

/// What assignments are.
pub const ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";
/// What definitions are.
pub const DEFINITION: &str = "Microsoft.Authorization/roleDefinitions";

/// The id of a role's definition: the same in every tenant, below the subscription from which it is seen.
pub fn definition_id(subscription: Option<&str>, role: RoleId) -> String {
    let before = subscription.map_or_else(String::new, |id| format!("/subscriptions/{id}"));
    format!("{before}/providers/{DEFINITION}/{}", role.0)
}

/// The id of an assignment.
pub fn assignment_id(scope: &ResourceId, assignment: &NamedAssignment) -> String {
    let before = if scope.as_str() == "/" { "" } else { scope.as_str() };
    format!("{before}/providers/{ASSIGNMENT}/{}", assignment.id)
}

/// What a role of Azure's grants.
pub fn built_in_role(role: &Role) -> Value {
    json!({
        "roleName": role.name,
        "type": "BuiltInRole",
        "description": role.description,
        "assignableScopes": ["/"],
        "permissions": [{
            "actions": role.actions,
            "notActions": role.not_actions,
            "dataActions": role.data_actions,
            "notDataActions": [],
        }],
        "createdOn": null,
        "updatedOn": null,
        "createdBy": null,
        "updatedBy": null,
    })
}

/// What a role of the tenant's own grants.
pub fn custom_role(definition: &RoleDefinition) -> Value {
    json!({
        "roleName": definition.role.name,
        "type": "CustomRole",
        "description": definition.description,
        "assignableScopes": definition.assignable_scopes,
        "permissions": definition.role.permissions,
        "createdOn": definition.created_at.to_string(),
        "updatedOn": definition.updated_at.to_string(),
        "createdBy": definition.created_by.to_string(),
        "updatedBy": definition.updated_by.to_string(),
    })
}

/// Who was given which role where. The role's id is told as it is seen from where somebody asks.
pub fn assignment(named: &NamedAssignment, scope: &ResourceId, definition: &str) -> Value {
    let by = named.created_by.map(|by| by.to_string());
    let at = named.created_at.map(|at| at.to_string());
    json!({
        "roleDefinitionId": definition,
        "principalId": named.assignment.principal.to_string(),
        "principalType": named.principal_kind,
        "scope": scope.as_str(),
        "description": named.description,
        "condition": named.condition,
        "conditionVersion": named.condition.as_ref().map(|_| CONDITION_VERSION),
        "createdOn": at,
        "updatedOn": at,
        "createdBy": by,
        "updatedBy": by,
        "delegatedManagedIdentityResourceId": null,
    })
}
