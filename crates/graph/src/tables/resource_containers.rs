//! `ResourceContainers`: subscriptions and resource groups.

use super::resource_row::{ResourceRow, batch, hidden, shown};
use super::{Pulled, Reading, Table};
use crate::narrowed::Narrowed;
use crate::viewer::View;
use kql::ScanRequest;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SUBSCRIPTION: &str = "microsoft.resources/subscriptions";
const GROUP: &str = "microsoft.resources/subscriptions/resourcegroups";

pub(super) const TABLE: Table = Table {
    name: "ResourceContainers",
    about: "Subscriptions and resource groups.",
    columns: shown,
    hidden,
    stem: None,
    read: |_, request| Box::new(Containers::of(Narrowed(request))),
    folds: |_, _| false,
};

struct Containers {
    subscriptions: bool,
    groups: bool,
}

impl Containers {
    fn of(narrowed: Narrowed<'_>) -> Self {
        Self { subscriptions: narrowed.wants_type(SUBSCRIPTION), groups: narrowed.wants_type(GROUP) }
    }
}

impl Reading for Containers {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let mut rows = Vec::new();
        if self.subscriptions {
            rows.extend(view.subscriptions.iter().map(|subscription| ResourceRow {
                id: format!("/subscriptions/{}", subscription.id),
                name: subscription.name.clone(),
                kind: SUBSCRIPTION.to_owned(),
                tenant: view.tenant.clone(),
                subscription: subscription.id.to_string(),
                properties: json!({"state": "Enabled", "managementGroupAncestorsChain": [
                    {"name": view.tenant, "displayName": "Tenant Root Group"},
                ]}),
                tags: json!({}),
                ..ResourceRow::default()
            }));
        }
        if self.groups {
            rows.extend(groups(view));
        }
        Ok(Pulled { batch: batch(&rows, request), is_last: true })
    }
}

/// The groups of the registries that may be read, each once in any spelling.
fn groups(view: &View) -> Vec<ResourceRow> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for known in &view.registries {
        let registry = &known.registry;
        if !seen.insert((registry.subscription, registry.resource_group.to_ascii_lowercase())) {
            continue;
        }
        rows.push(ResourceRow {
            id: format!(
                "/subscriptions/{}/resourceGroups/{}",
                registry.subscription, registry.resource_group
            ),
            name: registry.resource_group.clone(),
            kind: GROUP.to_owned(),
            tenant: view.tenant.clone(),
            location: registry.location.clone(),
            resource_group: registry.resource_group.clone(),
            subscription: registry.subscription.to_string(),
            sku: Value::Null,
            properties: json!({"provisioningState": "Succeeded"}),
            tags: json!({}),
        });
    }
    rows
}
