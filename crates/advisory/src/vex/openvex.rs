//! OpenVEX: <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>. Products and vulnerabilities are objects since
//! version 0.2, and were texts before.

use super::{Form, VexDocument, VexProduct, VexStatement, VexStatus};
use crate::Skip;
use crate::advisory::instant;
use serde::Deserialize;
use std::collections::BTreeMap;

/// OpenVEX.
pub(super) const FORM: Form = Form { name: "OpenVEX", mark: b"openvex.dev/ns", read };

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@id", default)]
    id: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    timestamp: String,
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    vulnerability: Vulnerability,
    #[serde(default)]
    products: Vec<Product>,
    status: String,
    justification: Option<String>,
    impact_statement: Option<String>,
    action_statement: Option<String>,
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    last_updated: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Name(String),
    Object {
        name: String,
        #[serde(default)]
        aliases: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Product {
    Id(String),
    Object {
        #[serde(rename = "@id", default)]
        id: String,
        #[serde(default)]
        identifiers: BTreeMap<String, String>,
        #[serde(default)]
        subcomponents: Vec<Self>,
    },
}

fn read(document: &[u8]) -> Result<VexDocument, serde_json::Error> {
    let document: Document = serde_json::from_slice(document)?;
    let mut read = VexDocument::default();
    for statement in &document.statements {
        let vulnerabilities = match &statement.vulnerability {
            Vulnerability::Name(name) => vec![name.clone()],
            Vulnerability::Object { name, aliases } => [name].into_iter().chain(aliases).cloned().collect(),
        };
        let status = match &*statement.status {
            "not_affected" => VexStatus::NotAffected,
            "affected" => VexStatus::Affected,
            "fixed" => VexStatus::Fixed,
            "under_investigation" => VexStatus::UnderInvestigation,
            other => {
                let why = format!("{other:?} is no status");
                read.skips.push(Skip { place: vulnerabilities.join(", "), why });
                continue;
            }
        };
        let texts = [&statement.last_updated, &statement.timestamp, &document.timestamp];
        read.statements.push(VexStatement {
            vulnerabilities,
            products: statement.products.iter().flat_map(products).collect(),
            status,
            justification: statement.justification.clone(),
            remark: statement.impact_statement.clone().or_else(|| statement.action_statement.clone()),
            said: texts.into_iter().find_map(|text| instant(text)),
            author: document.author.clone(),
            document: document.id.clone(),
        });
    }
    Ok(read)
}

/// A product under each of its names.
fn products(product: &Product) -> Vec<VexProduct> {
    let parts = match product {
        Product::Id(_) => Vec::new(),
        Product::Object { subcomponents, .. } => subcomponents.iter().flat_map(names).collect(),
    };
    names(product).into_iter().map(|id| VexProduct { id, parts: parts.clone() }).collect()
}

fn names(product: &Product) -> Vec<String> {
    match product {
        Product::Id(id) => vec![id.clone()],
        Product::Object { id, identifiers, .. } => {
            [id].into_iter().chain(identifiers.values()).filter(|name| !name.is_empty()).cloned().collect()
        }
    }
}
