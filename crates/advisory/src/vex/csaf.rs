//! CSAF VEX of the user's own, profile 5 of CSAF 2.0: products are named by package URL, alone or as a component of an
//! image, and flags give the justification.

use super::{Form, VexDocument, VexProduct, VexStatement, VexStatus};
use crate::advisory::instant;
use serde::Deserialize;
use std::collections::HashMap;

/// CSAF VEX.
pub(super) const FORM: Form = Form { name: "CSAF", mark: b"\"csaf_version\"", read };

#[derive(Deserialize)]
struct Document {
    document: Head,
    #[serde(default)]
    product_tree: Tree,
    #[serde(default)]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
struct Head {
    publisher: Publisher,
    tracking: Tracking,
}

#[derive(Deserialize)]
struct Publisher {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Tracking {
    id: String,
    #[serde(default)]
    current_release_date: String,
}

#[derive(Deserialize, Default)]
struct Tree {
    #[serde(default)]
    branches: Vec<Branch>,
    #[serde(default)]
    full_product_names: Vec<Product>,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(default)]
    branches: Vec<Self>,
    product: Option<Product>,
}

#[derive(Deserialize)]
struct Product {
    product_id: String,
    #[serde(rename = "product_identification_helper", default)]
    helper: Helper,
}

#[derive(Deserialize, Default)]
struct Helper {
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Relationship {
    full_product_name: Product,
    product_reference: String,
    relates_to_product_reference: String,
}

#[derive(Deserialize)]
struct Vulnerability {
    cve: Option<String>,
    #[serde(default)]
    ids: Vec<Identifier>,
    #[serde(default)]
    product_status: HashMap<String, Vec<String>>,
    #[serde(default)]
    flags: Vec<Flag>,
    #[serde(default)]
    threats: Vec<Threat>,
}

#[derive(Deserialize)]
struct Identifier {
    text: String,
}

#[derive(Deserialize)]
struct Flag {
    label: String,
    #[serde(default)]
    product_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Threat {
    #[serde(default)]
    category: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    product_ids: Vec<String>,
}

fn read(document: &[u8]) -> Result<VexDocument, serde_json::Error> {
    let document: Document = serde_json::from_slice(document)?;
    let products = products(&document.product_tree);
    let mut read = VexDocument::default();
    for vulnerability in &document.vulnerabilities {
        for (list, ids) in &vulnerability.product_status {
            let status = match &**list {
                "known_not_affected" => VexStatus::NotAffected,
                "known_affected" | "first_affected" | "last_affected" => VexStatus::Affected,
                "fixed" | "first_fixed" => VexStatus::Fixed,
                _ => VexStatus::UnderInvestigation,
            };
            for id in ids {
                let names = vulnerability.ids.iter().map(|other| other.text.clone());
                let flag = vulnerability.flags.iter().find(|flag| flag.product_ids.contains(id));
                let impact = vulnerability
                    .threats
                    .iter()
                    .find(|threat| threat.category == "impact" && threat.product_ids.contains(id));
                read.statements.push(VexStatement {
                    vulnerabilities: vulnerability.cve.iter().cloned().chain(names).collect(),
                    products: products.get(&**id).cloned().into_iter().collect(),
                    status,
                    justification: flag.map(|flag| flag.label.clone()),
                    remark: impact.map(|threat| threat.details.clone()),
                    said: instant(&document.document.tracking.current_release_date),
                    author: document.document.publisher.name.clone(),
                    document: document.document.tracking.id.clone(),
                });
            }
        }
    }
    Ok(read)
}

/// What the identifiers of a document mean: a package, or a package in an image.
fn products(tree: &Tree) -> HashMap<&str, VexProduct> {
    let mut purls = HashMap::new();
    let mut open: Vec<&Branch> = tree.branches.iter().collect();
    let named = |product: &Product| product.helper.purl.clone().unwrap_or_else(|| product.product_id.clone());
    while let Some(branch) = open.pop() {
        purls.extend(branch.product.iter().map(|product| (&*product.product_id, named(product))));
        open.extend(&branch.branches);
    }
    purls.extend(tree.full_product_names.iter().map(|product| (&*product.product_id, named(product))));
    let alone = purls.iter().map(|(id, purl)| (*id, VexProduct { id: purl.clone(), parts: Vec::new() }));
    let mut products: HashMap<&str, VexProduct> = alone.collect();
    let name = |id: &String| purls.get(&**id).unwrap_or(id).clone();
    for relationship in &tree.relationships {
        let (part, whole) = (&relationship.product_reference, &relationship.relates_to_product_reference);
        let product = VexProduct { id: name(whole), parts: vec![name(part)] };
        products.insert(&relationship.full_product_name.product_id, product);
    }
    products
}
