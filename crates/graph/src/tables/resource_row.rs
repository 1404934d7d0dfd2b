//! The row that all tables of Resource Graph share.
//!
//! `type` is in lower case, since published queries compare it with `==`; `id` keeps its spelling, since they take it
//! apart with patterns that have case.

use super::columns;
use crate::source::{json_value, text_or_null};
use kql::{Batch, Column, Kind, Need, ScanRequest, Value};
use serde_json::Value as Json;

/// One row.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResourceRow {
    pub(crate) id: String,
    pub(crate) name: String,
    /// In lower case.
    pub(crate) kind: String,
    pub(crate) tenant: String,
    pub(crate) location: String,
    pub(crate) resource_group: String,
    pub(crate) subscription: String,
    pub(crate) sku: Json,
    pub(crate) properties: Json,
    pub(crate) tags: Json,
}

/// The columns that every row has.
pub(crate) fn shown() -> Vec<Column> {
    columns(&[
        ("id", Kind::String),
        ("name", Kind::String),
        ("type", Kind::String),
        ("tenantId", Kind::String),
        ("kind", Kind::String),
        ("location", Kind::String),
        ("resourceGroup", Kind::String),
        ("subscriptionId", Kind::String),
        ("managedBy", Kind::String),
        ("sku", Kind::Dynamic),
        ("plan", Kind::Dynamic),
        ("properties", Kind::Dynamic),
        ("tags", Kind::Dynamic),
        ("identity", Kind::Dynamic),
        ("zones", Kind::Dynamic),
        ("extendedLocation", Kind::Dynamic),
    ])
}

/// Columns that can be named, and that no `*` shows.
pub(crate) fn hidden() -> Vec<Column> {
    columns(&[("apiVersion", Kind::String), ("aliases", Kind::Dynamic)])
}

impl ResourceRow {
    /// The value that a query needs. Of properties only the path that is asked for is made.
    pub(crate) fn value(&self, need: &Need) -> Value {
        let dynamic = |json: &Json| {
            let at = need.path.iter().try_fold(json, |json, name| json.get(&**name));
            at.map_or(Value::Null, json_value)
        };
        match &*need.column {
            "id" => Value::text(&self.id),
            "name" => Value::text(&self.name),
            "type" => Value::text(&self.kind),
            "tenantId" => Value::text(&self.tenant),
            "location" => Value::text(&self.location),
            "resourceGroup" => Value::text(&self.resource_group),
            "subscriptionId" => Value::text(&self.subscription),
            "sku" => dynamic(&self.sku),
            "properties" => dynamic(&self.properties),
            "tags" => dynamic(&self.tags),
            "kind" | "managedBy" | "apiVersion" => text_or_null(None),
            _ => Value::Null,
        }
    }
}

/// A batch of rows, in the order of the query's needs.
pub(crate) fn batch(rows: &[ResourceRow], request: &ScanRequest) -> Batch {
    let mut batch = Batch::new(request.needs.len());
    for row in rows {
        batch.push(request.needs.iter().map(|need| row.value(need)));
    }
    batch
}
