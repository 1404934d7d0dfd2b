//! CycloneDX VEX: <https://cyclonedx.org/docs/1.6/json/#vulnerabilities>. A vulnerability has an analysis, and
//! names what it affects by references into the components of the document.

use super::{Form, VexDocument, VexProduct, VexStatement, VexStatus};
use crate::advisory::instant;
use serde::Deserialize;
use std::collections::HashMap;

/// CycloneDX VEX.
pub(super) const FORM: Form = Form { name: "CycloneDX", mark: b"\"CycloneDX\"", read };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    serial_number: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    timestamp: String,
    component: Option<Component>,
    supplier: Option<Named>,
    manufacturer: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "bom-ref", default)]
    reference: String,
    purl: Option<String>,
    #[serde(default)]
    components: Vec<Self>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    #[serde(default)]
    references: Vec<Reference>,
    analysis: Option<Analysis>,
    #[serde(default)]
    affects: Vec<Affects>,
    #[serde(default)]
    updated: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis {
    #[serde(default)]
    state: String,
    justification: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    last_updated: String,
}

#[derive(Deserialize)]
struct Affects {
    #[serde(rename = "ref")]
    reference: String,
}

fn read(document: &[u8]) -> Result<VexDocument, serde_json::Error> {
    let document: Document = serde_json::from_slice(document)?;
    let mut purls = HashMap::new();
    let mut open: Vec<&Component> = document.components.iter().chain(&document.metadata.component).collect();
    while let Some(component) = open.pop() {
        purls.extend(component.purl.as_ref().map(|purl| (&*component.reference, purl)));
        open.extend(&component.components);
    }
    let named = document.metadata.supplier.as_ref().or(document.metadata.manufacturer.as_ref());
    let author = named.map_or("the document's author", |named| &*named.name).to_owned();
    let mut read = VexDocument::default();
    for vulnerability in &document.vulnerabilities {
        let Some(analysis) = &vulnerability.analysis else { continue };
        let status = match &*analysis.state {
            "not_affected" | "false_positive" => VexStatus::NotAffected,
            "exploitable" => VexStatus::Affected,
            "resolved" | "resolved_with_pedigree" => VexStatus::Fixed,
            _ => VexStatus::UnderInvestigation,
        };
        let product = |affects: &Affects| {
            // A reference into another document is `urn:cdx:serial/version#reference`.
            let local = affects.reference.rsplit('#').next().unwrap_or_default();
            let id = purls.get(local).map_or(local, |purl| purl.as_str());
            VexProduct { id: id.to_owned(), parts: Vec::new() }
        };
        let names = vulnerability.references.iter().map(|reference| &reference.id);
        let texts = [&analysis.last_updated, &vulnerability.updated, &document.metadata.timestamp];
        read.statements.push(VexStatement {
            vulnerabilities: [&vulnerability.id].into_iter().chain(names).cloned().collect(),
            products: vulnerability.affects.iter().map(product).collect(),
            status,
            justification: analysis.justification.clone(),
            remark: analysis.detail.clone(),
            said: texts.into_iter().find_map(|text| instant(text)),
            author: author.clone(),
            document: document.serial_number.clone(),
        });
    }
    Ok(read)
}
