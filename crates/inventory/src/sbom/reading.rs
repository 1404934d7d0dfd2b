//! Reads a bill of materials back: CycloneDX or SPDX, ours or another tool's.
//!
//! A component counts if it has a package URL of a kind that this product knows; everything else is counted as passed
//! over, so that whoever uses the bill knows that it said more. A bill is a claim of whoever wrote it: it can be read,
//! but it never takes the place of what was found in the image.

use crate::distribution::known;
use crate::{Distribution, Ecosystem, Package, parse_package_url};
use serde::{Deserialize, Serialize};

/// How large a bill may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillLimits {
    /// Bytes of the JSON text.
    pub bytes: usize,
    /// Components, packages of SPDX, with those that are passed over.
    pub components: usize,
    /// Bytes of one package URL.
    pub text_bytes: usize,
}

impl Default for BillLimits {
    fn default() -> Self {
        Self {
            // 100 000 components of 600 bytes.
            bytes: 64 << 20,
            // As many packages as an inventory may have.
            components: 200_000,
            // The longest real ones have 300.
            text_bytes: 4096,
        }
    }
}

/// What a bill says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// The distribution, if it names one.
    pub distribution: Option<Distribution>,
    /// Its packages, in its order.
    pub packages: Vec<Package>,
    /// How many components have no package URL, or none that is understood.
    pub passed_over: usize,
    /// Whether it says of itself that it is not complete.
    pub is_incomplete: bool,
}

impl Bill {
    /// Whether the bill keeps the limits under which it was read. Whoever gets one from a process that has read foreign
    /// bytes asks again.
    pub fn keeps(&self, limits: &BillLimits) -> bool {
        let proper = |text: &str| text.len() <= limits.text_bytes && !text.chars().any(char::is_control);
        self.packages.len() <= limits.components
            && self.packages.iter().all(|package| {
                let source = package.source.as_ref();
                proper(&package.name)
                    && proper(&package.version)
                    && package.architecture.as_deref().is_none_or(proper)
                    && package.module.as_deref().is_none_or(proper)
                    && source.is_none_or(|source| proper(&source.name) && proper(&source.version))
            })
            && self.distribution.as_ref().is_none_or(|distribution| {
                proper(&distribution.id) && proper(&distribution.version) && proper(&distribution.pretty_name)
            })
    }
}

/// Why a text is no bill.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// It is not JSON, or its members are not of the right kind.
    #[error("the bill of materials cannot be decoded")]
    Malformed(#[from] serde_json::Error),
    /// Neither form.
    #[error("the document is neither CycloneDX nor SPDX")]
    UnknownForm,
    /// There is too much of something.
    #[error("the bill of materials has {count} {what}, and no more than {limit} are read")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "bomFormat")]
    form: Option<String>,
    #[serde(rename = "spdxVersion")]
    spdx: Option<String>,
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    compositions: Vec<Composition>,
    #[serde(default)]
    packages: Vec<SpdxPackage>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Composition {
    #[serde(default)]
    aggregate: String,
}

#[derive(Deserialize)]
struct SpdxPackage {
    #[serde(default)]
    name: String,
    #[serde(rename = "versionInfo", default)]
    version: String,
    #[serde(rename = "primaryPackagePurpose", default)]
    purpose: String,
    #[serde(rename = "externalRefs", default)]
    references: Vec<Reference>,
    #[serde(default)]
    comment: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "referenceType", default)]
    kind: String,
    #[serde(rename = "referenceLocator", default)]
    locator: String,
}

/// One component of either form.
struct Part {
    is_system: bool,
    name: String,
    version: String,
    url: Option<String>,
}

/// Reads a bill of materials in any form that this product writes.
///
/// # Errors
/// When it is none, or larger than the limits allow.
pub fn read(bytes: &[u8], limits: &BillLimits) -> Result<Bill, BillError> {
    at_most("bytes", bytes.len(), limits.bytes)?;
    let document: Document = serde_json::from_slice(bytes)?;
    let is_cyclonedx = document.form.as_deref() == Some("CycloneDX");
    let is_spdx = document.spdx.as_deref().is_some_and(|version| version.starts_with("SPDX-2."));
    if is_cyclonedx == is_spdx {
        return Err(BillError::UnknownForm);
    }
    let is_incomplete = document.compositions.iter().any(|composition| composition.aggregate == "incomplete")
        || document
            .packages
            .iter()
            .any(|package| package.comment.starts_with("This list may be incomplete."));
    let parts: Vec<Part> = if is_cyclonedx {
        document.components.into_iter().map(Part::from).collect()
    } else {
        // The image itself is a package of SPDX.
        let contained = document.packages.into_iter().filter(|package| package.purpose != "CONTAINER");
        contained.map(Part::from).collect()
    };
    at_most("components", parts.len(), limits.components)?;
    let mut bill = Bill { distribution: None, packages: Vec::new(), passed_over: 0, is_incomplete };
    for part in parts {
        if part.is_system && bill.distribution.is_none() {
            bill.distribution = Some(distribution(&part));
            continue;
        }
        let url = part.url.unwrap_or_default();
        at_most("bytes in a package URL", url.len(), limits.text_bytes)?;
        match parse_package_url(&url) {
            Some(package) => bill.packages.push(package),
            None => bill.passed_over += 1,
        }
    }
    Ok(bill)
}

impl From<Component> for Part {
    fn from(component: Component) -> Self {
        let Component { kind, name, version, purl } = component;
        Self { is_system: kind == "operating-system", name, version, url: purl }
    }
}

impl From<SpdxPackage> for Part {
    fn from(package: SpdxPackage) -> Self {
        let SpdxPackage { name, version, purpose, references, .. } = package;
        let url = references.into_iter().find(|reference| reference.kind == "purl");
        Self {
            is_system: purpose == "OPERATING-SYSTEM",
            name,
            version,
            url: url.map(|reference| reference.locator),
        }
    }
}

fn distribution(part: &Part) -> Distribution {
    let known = known(&part.name);
    let title = known.map_or(part.name.as_str(), |known| known.title);
    Distribution {
        id: part.name.clone(),
        version: part.version.clone(),
        pretty_name: format!("{title} {}", part.version).trim_end().to_owned(),
        ecosystem: known.and_then(|known| (known.ecosystem)(&part.version)).map(Ecosystem::new),
    }
}

fn at_most(what: &'static str, count: usize, limit: usize) -> Result<(), BillError> {
    if count > limit { Err(BillError::TooMany { what, count, limit }) } else { Ok(()) }
}
