//! `AuthorizationResources`: role assignments and the definitions of roles.
//!
//! Who may read assignments at a scope sees those at it and below it; definitions are the same everywhere, and are seen
//! by whoever may read them anywhere.

use super::resource_row::{ResourceRow, batch, hidden, shown};
use super::{Pulled, Reading, Table};
use crate::documents::authorization::{self as documents, ASSIGNMENT, DEFINITION};
use crate::narrowed::Narrowed;
use crate::viewer::View;
use access::{BUILT_IN_ROLES, ResourceId, Role, RoleId};
use kql::ScanRequest;
use serde_json::Value;
use store::{NamedAssignment, RoleDefinition, objects};

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
    folds: |_, _| false,
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
            let row = |role: &Role| row_of_definition(view, role.id, documents::built_in_role(role));
            rows.extend(BUILT_IN_ROLES.iter().map(row));
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
    let subscription = scope.subscription().filter(|id| !id.is_empty());
    // The id that the definition has in this table: published queries join the two by it.
    let definition = documents::definition_id(None, RoleId(named.assignment.role.0));
    ResourceRow {
        id: documents::assignment_id(scope, named),
        name: named.id.to_string(),
        kind: ASSIGNMENT.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: "global".to_owned(),
        resource_group: scope.resource_group().unwrap_or_default().to_owned(),
        subscription: subscription.unwrap_or_default().to_owned(),
        properties: documents::assignment(named, scope, &definition),
        ..ResourceRow::default()
    }
}

/// The roles of the tenant's own.
fn custom_definitions(view: &View) -> Result<Vec<ResourceRow>, store::Error> {
    let all: Vec<RoleDefinition> = view.runtime.block_on(objects::all(&*view.store))?;
    let row = |definition: &RoleDefinition| {
        row_of_definition(view, definition.role.id, documents::custom_role(definition))
    };
    // A role that can be given only where the viewer may not look is none of theirs.
    let is_seen = |definition: &&RoleDefinition| {
        definition.assignable_scopes.iter().any(|scope| view.may_read_roles_at(scope))
    };
    Ok(all.iter().filter(is_seen).map(row).collect())
}

fn row_of_definition(view: &View, role: RoleId, mut properties: Value) -> ResourceRow {
    properties["isServiceRole"] = false.into();
    ResourceRow {
        id: documents::definition_id(None, role),
        name: role.0.to_string(),
        kind: DEFINITION.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: "global".to_owned(),
        properties,
        sku: Value::Null,
        ..ResourceRow::default()
    }
}
