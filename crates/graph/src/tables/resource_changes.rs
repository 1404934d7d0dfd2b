//! `ResourceChanges`: what was changed at registries, property by property, out of their history.

use super::absent::Nothing;
use super::past::Past;
use super::resource_row::{ResourceRow, batch, hidden, shown};
use super::{Pulled, Reading, Table};
use crate::documents::KnownRegistry;
use crate::documents::registry::{self, Facts};
use crate::viewer::View;
use kql::ScanRequest;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use store::{Event, EventKind, PageRequest};
use uuid::Uuid;

const PAGE: usize = 1000;

const KIND: &str = "microsoft.resources/changes";

pub(super) const TABLE: Table = Table {
    name: "ResourceChanges",
    about: "What was changed at registries, property by property.",
    columns: shown,
    hidden,
    stem: None,
    read: |view, _| {
        if view.registries.is_empty() {
            return Box::new(Nothing);
        }
        Box::new(Changes { after: None, past: Past::default() })
    },
    folds: |_, _| false,
};

struct Changes {
    after: Option<i64>,
    past: Past,
}

impl Reading for Changes {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let registries: Vec<_> = view.registries.iter().map(|known| known.registry.id).collect();
        let page = PageRequest { after: self.after.take(), limit: PAGE };
        let page = view.runtime.block_on(view.store.history(&registries, page))?;
        let mut rows = Vec::new();
        for event in &page.items {
            let is_own = |known: &&KnownRegistry| Some(known.registry.id) == event.event.registry;
            let Some(known) = view.registries.iter().find(is_own) else { continue };
            let before = self.past.of(known.registry.id).clone();
            self.past.pass(known.registry.id, event);
            rows.extend(row(view, known, event, &before, self.past.of(known.registry.id)));
        }
        self.after = page.next;
        Ok(Pulled { batch: batch(&rows, request), is_last: self.after.is_none() })
    }
}

/// The change that an event made, if it made any.
fn row(
    view: &View,
    known: &KnownRegistry,
    event: &Event,
    before: &Facts,
    after: &Facts,
) -> Option<ResourceRow> {
    let what = &event.event;
    let is_new = what.kind == EventKind::REGISTRY_CREATED;
    let changes = if is_new { Map::new() } else { changes(known, before, after) };
    if changes.is_empty() && !is_new {
        return None;
    }
    let correlation = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("change {}", event.sequence).as_bytes());
    let name = format!("{}_{correlation}", event.sequence);
    let properties = json!({
        "targetResourceId": known.id.as_str(),
        "targetResourceType": registry::KIND.to_ascii_lowercase(),
        "changeType": if is_new { "Create" } else { "Update" },
        "changeAttributes": {
            "timestamp": what.at.to_string(),
            "changesCount": changes.len(),
            "correlationId": correlation.to_string(),
            "changedBy": what.actor.0,
            "changedByType": "Unknown",
            "clientType": "Unspecified",
            "operation": if is_new { "Microsoft.ContainerRegistry/registries/create" } else { "Microsoft.ContainerRegistry/registries/write" },
            "previousResourceSnapshotId": format!("{}", event.sequence.saturating_sub(1)),
            "newResourceSnapshotId": format!("{}", event.sequence),
        },
        "changes": changes,
    });
    Some(ResourceRow {
        id: format!("{}/providers/Microsoft.Resources/changes/{name}", known.id),
        name,
        kind: KIND.to_owned(),
        tenant: view.tenant.clone(),
        resource_group: known.registry.resource_group.clone(),
        subscription: known.registry.subscription.to_string(),
        sku: Value::Null,
        properties,
        tags: Value::Null,
        ..ResourceRow::default()
    })
}

/// Each value that is another one, by its path.
fn changes(known: &KnownRegistry, before: &Facts, after: &Facts) -> Map<String, Value> {
    let (before, after) = (leaves(known, before), leaves(known, after));
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    let mut changes = Map::new();
    for path in paths {
        let kind = match (before.get(path), after.get(path)) {
            (old, new) if old == new => continue,
            (None, _) => "Insert",
            (_, None) => "Remove",
            _ => "Update",
        };
        let text = |value: Option<&Value>| match value {
            Some(Value::String(text)) => json!(text),
            Some(value) => json!(value.to_string()),
            None => Value::Null,
        };
        let change = json!({
            "previousValue": text(before.get(path)),
            "newValue": text(after.get(path)),
            "changeCategory": "User",
            "propertyChangeType": kind,
        });
        changes.insert(path.clone(), change);
    }
    changes
}

/// The values of a registry, each by its path.
fn leaves(known: &KnownRegistry, facts: &Facts) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![(String::new(), registry::whole(known, facts))];
    while let Some((path, value)) = waiting.pop() {
        match value {
            Value::Object(members) => {
                let dot = if path.is_empty() { "" } else { "." };
                waiting
                    .extend(members.into_iter().map(|(name, value)| (format!("{path}{dot}{name}"), value)));
            }
            Value::Null => {}
            leaf @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                found.insert(path, leaf);
            }
        }
    }
    found
}
