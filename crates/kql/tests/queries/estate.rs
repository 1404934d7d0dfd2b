//! A small estate: a registry with two images, their findings, and what surrounds them.
//!
//! The source keeps no promise but the one it has to keep: it gives every row, and what is needed of it.

use expect_test::Expect;
use kql::{
    Batch, Catalog, Column, Environment, Kind, Limits, Rows, ScanRequest, Source, SourceError, TableSchema,
    Value, compile,
};
use serde_json::json;
use std::fmt::Write as _;
use std::sync::Arc;

/// The estate.
pub(crate) struct Estate;

const TABLES: [&str; 5] =
    ["Resources", "ResourceContainers", "SecurityResources", "AuthorizationResources", "PolicyResources"];

const REGISTRY: &str =
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/port";
const KEY: &str = "dbd0cb49-b563-45e7-9724-889e799fa648";

impl Catalog for Estate {
    fn table(&self, name: &str) -> Option<TableSchema> {
        let name = TABLES.iter().find(|table| table.eq_ignore_ascii_case(name))?;
        let text = [
            "id",
            "name",
            "type",
            "tenantId",
            "kind",
            "location",
            "resourceGroup",
            "subscriptionId",
            "managedBy",
        ];
        let dynamic = ["sku", "plan", "properties", "tags", "identity", "zones", "extendedLocation"];
        let columns = text.iter().map(|name| Column::new(name, Kind::String));
        let columns = columns.chain(dynamic.iter().map(|name| Column::new(name, Kind::Dynamic))).collect();
        let hidden = vec![Column::new("apiVersion", Kind::String)];
        Some(TableSchema { name: Arc::from(*name), columns, hidden })
    }

    fn names(&self) -> Vec<Arc<str>> {
        TABLES.iter().map(|name| Arc::from(*name)).collect()
    }

    fn default_table(&self) -> Option<Arc<str>> {
        Some(Arc::from("SecurityResources"))
    }
}

fn rows(table: &str) -> Vec<serde_json::Value> {
    if table != "SecurityResources" {
        return vec![
            json!({"id": REGISTRY, "name": "port", "type": "microsoft.containerregistry/registries",
            "subscriptionId": "s1", "properties": {"state": "Enabled"}, "tags": {"tag with a space": "Custom value"}}),
        ];
    }
    let mut found = vec![json!({
        "id": format!("{REGISTRY}/providers/Microsoft.Security/assessments/{KEY}"), "name": KEY,
        "type": "microsoft.security/assessments", "subscriptionId": "s1",
        "properties": {"displayName": "Container registry images should have vulnerability findings resolved",
            "status": {"code": "Unhealthy"}, "metadata": {"severity": "High"}}})];
    for (name, digest, severity) in [
        ("f1", "sha256:1", "High"),
        ("f2", "sha256:1", "Low"),
        ("f3", "sha256:1", "High"),
        ("f4", "sha256:2", "Low"),
    ] {
        found.push(json!({
            "id": format!("{REGISTRY}/providers/Microsoft.Security/assessments/{KEY}/subassessments/{name}"),
            "name": name, "type": "microsoft.security/assessments/subassessments", "subscriptionId": "s1",
            "properties": {"displayName": format!("CVE {name}"), "status": {"code": "Unhealthy", "severity": severity},
                "additionalData": {"imageDigest": digest, "repositoryName": "app", "patchable": true}}}));
    }
    found
}

struct Once(Option<Batch>);

impl Rows for Once {
    fn next_batch(&mut self) -> Result<Option<Batch>, SourceError> {
        Ok(self.0.take())
    }
}

impl Source for Estate {
    fn scan<'a>(&'a self, request: &ScanRequest) -> Result<Box<dyn Rows + 'a>, SourceError> {
        let mut batch = Batch::new(request.needs.len());
        for row in rows(&request.table) {
            let row = Value::from(row);
            batch.push(request.needs.iter().map(|need| need.extract(row.member(&need.column))));
        }
        Ok(Box::new(Once(Some(batch))))
    }
}

/// The answer to a query as text: a line of names, and a line of each row.
pub(crate) fn answer(query: &str, estate: &Estate) -> Result<String, String> {
    let compiled = compile(query, estate, &Limits::default())
        .map_err(|errors| errors.iter().map(|error| error.underlined(query)).collect::<String>())?;
    let environment =
        Environment { now_unix_nanoseconds: 1_600_000_000_000_000_000, seed: 1, interrupt: &|| false };
    let answer = compiled.run(estate, estate, &environment).map_err(|error| format!("{error}\n"))?;
    let mut text =
        answer.columns.iter().map(|c| format!("{}:{}", c.name, c.kind)).collect::<Vec<_>>().join(" | ");
    text.push('\n');
    for row in answer.rows() {
        let cells: Vec<String> = row.iter().map(|value| value.to_json().to_string()).collect();
        let _ = writeln!(text, "{}", cells.join(" | "));
    }
    Ok(text)
}

/// Compares the answer, or what is wrong, with what is expected.
#[expect(clippy::needless_pass_by_value, reason = "an expectation is written where it is used")]
pub(crate) fn check(query: &str, expected: Expect) {
    expected.assert_eq(&answer(query, &Estate).unwrap_or_else(|error| error));
}
