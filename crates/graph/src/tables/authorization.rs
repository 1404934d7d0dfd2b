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
use std::collections::HashMap;
use store::{AccountKind, RoleAssignment};
use uuid::Uuid;

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
        }
        Ok(Pulled { batch: batch(&rows, request), is_last: true })
    }
}

fn assignments(view: &View) -> Result<Vec<ResourceRow>, store::Error> {
    let all = view.runtime.block_on(view.store.all_role_assignments())?;
    let accounts = view.runtime.block_on(view.store.accounts())?;
    let kinds: HashMap<Uuid, &'static str> = accounts
        .iter()
        .map(|account| {
            let kind = match account.kind {
                AccountKind::User => "User",
                AccountKind::Service => "ServicePrincipal",
            };
            (account.principal.0, kind)
        })
        .collect();
    let rows = all.iter().filter_map(|assignment| {
        let scope = ResourceId::parse(&assignment.scope).ok()?;
        view.may_read_roles_at(&scope).then(|| {
            let kind = kinds.get(&assignment.principal.0).copied().unwrap_or("Unknown");
            row_of_assignment(view, assignment, &scope, kind)
        })
    });
    Ok(rows.collect())
}

/// The name of an assignment: derived from what it says, so that it stays the same.
fn name_of(assignment: &RoleAssignment) -> Uuid {
    let RoleAssignment { principal, role, scope } = assignment;
    let key = format!("{}/{}/{}", principal.0, role.0, scope.to_ascii_lowercase());
    Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes())
}

fn row_of_assignment(
    view: &View,
    assignment: &RoleAssignment,
    scope: &ResourceId,
    principal_kind: &str,
) -> ResourceRow {
    let name = name_of(assignment).to_string();
    let prefix = if scope.as_str() == "/" { "" } else { scope.as_str() };
    let subscription = scope.subscription().unwrap_or_default().to_owned();
    let definition = definition_id(&subscription, RoleId(assignment.role.0));
    ResourceRow {
        id: format!("{prefix}/providers/{ASSIGNMENT}/{name}"),
        name,
        kind: ASSIGNMENT.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: "global".to_owned(),
        resource_group: scope.resource_group().unwrap_or_default().to_owned(),
        subscription,
        properties: json!({
            "principalId": assignment.principal.0.to_string(),
            "principalType": principal_kind,
            "roleDefinitionId": definition,
            "scope": scope.as_str(),
        }),
        ..ResourceRow::default()
    }
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
