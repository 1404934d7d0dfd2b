//! `AuthorizationResources`: role assignments and the definitions of roles.
//!
//! Who may read assignments at a scope sees those at it and below it; definitions are the same everywhere, and are seen
//! by whoever may read them anywhere.

use super::resource_row::{ResourceRow, batch, hidden, shown};
use super::{Pulled, Reading, Table};
use crate::narrowed::Narrowed;
use crate::viewer::View;
use access::{BUILT_IN_ROLES, ResourceId, Role, RoleId};
use kql::ScanRequest;
use serde_json::{Value, json};
use store::{NamedAssignment, RoleDefinition, objects};

const ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";
const DEFINITION: &str = "Microsoft.Authorization/roleDefinitions";

pub(super) const TABLE: Table = Table {
    name: "AuthorizationResources",
    about: "Role assignments at the scopes that may be read, and the definitions of roles.",
    columns: shown,
    hidden,
    stem: None,
    read: |_, request| {
        let narrowed = Narrowed(request);
        Box::new(Authorization {
            assignments: narrowed.wants_type(ASSIGNMENT),
            definitions: narrowed.wants_type(DEFINITION),
        })
    },
    folds: |_| false,
};

struct Authorization {
    assignments: bool,
    definitions: bool,
}

impl Reading for Authorization {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let mut rows = Vec::new();
        if self.assignments {
            rows.extend(assignments(view)?);
        }
        if self.definitions && view.reads_roles {
            rows.extend(BUILT_IN_ROLES.iter().map(|role| definition(view, role)));
            rows.extend(custom_definitions(view)?);
        }
        Ok(Pulled { batch: batch(&rows, request), is_last: true })
    }
}

fn assignments(view: &View) -> Result<Vec<ResourceRow>, store::Error> {
    let all = view.runtime.block_on(view.store.named_assignments(None))?;
    let rows = all.iter().filter_map(|named| {
        let scope = ResourceId::parse(&named.assignment.scope).ok()?;
        view.may_read_roles_at(&scope).then(|| row_of_assignment(view, named, &scope))
    });
    Ok(rows.collect())
}

fn row_of_assignment(view: &View, named: &NamedAssignment, scope: &ResourceId) -> ResourceRow {
    let name = named.id.to_string();
    let prefix = if scope.as_str() == "/" { "" } else { scope.as_str() };
    let subscription = scope.subscription().unwrap_or_default().to_owned();
    let definition = definition_id(&subscription, RoleId(named.assignment.role.0));
    ResourceRow {
        id: format!("{prefix}/providers/{ASSIGNMENT}/{name}"),
        name,
        kind: ASSIGNMENT.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: "global".to_owned(),
        resource_group: scope.resource_group().unwrap_or_default().to_owned(),
        subscription,
        properties: json!({
            "principalId": named.assignment.principal.0.to_string(),
            "principalType": named.principal_kind,
            "roleDefinitionId": definition,
            "scope": scope.as_str(),
        }),
        ..ResourceRow::default()
    }
}

/// The roles of the tenant's own.
fn custom_definitions(view: &View) -> Result<Vec<ResourceRow>, store::Error> {
    let all: Vec<RoleDefinition> = view.runtime.block_on(objects::all(&*view.store))?;
    let row = |definition: &RoleDefinition| ResourceRow {
        id: definition_id("", definition.role.id),
        name: definition.role.id.0.to_string(),
        kind: DEFINITION.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: "global".to_owned(),
        properties: json!({
            "roleName": definition.role.name,
            "type": "CustomRole",
            "description": definition.description,
            "assignableScopes": definition.assignable_scopes,
            "permissions": definition.role.permissions,
            "isServiceRole": false,
        }),
        sku: Value::Null,
        ..ResourceRow::default()
    };
    // A role that can be given only where the viewer may not look is none of theirs.
    let is_seen = |definition: &&RoleDefinition| {
        definition.assignable_scopes.iter().any(|scope| view.may_read_roles_at(scope))
    };
    Ok(all.iter().filter(is_seen).map(row).collect())
}

fn definition_id(subscription: &str, role: RoleId) -> String {
    let prefix =
        if subscription.is_empty() { String::new() } else { format!("/subscriptions/{subscription}") };
    format!("{prefix}/providers/{DEFINITION}/{}", role.0)
}

fn definition(view: &View, role: &Role) -> ResourceRow {
    let name = role.id.0.to_string();
    ResourceRow {
        id: definition_id("", role.id),
        name,
        kind: DEFINITION.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: "global".to_owned(),
        properties: json!({
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
            "isServiceRole": false,
        }),
        sku: Value::Null,
        ..ResourceRow::default()
    }
}
