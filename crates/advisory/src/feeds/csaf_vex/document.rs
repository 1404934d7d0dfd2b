//! A CSAF document, as far as its statements about packages need it. Unknown fields are passed over.

use super::super::nullable;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) document: Head,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) product_tree: Tree,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) publisher: PublisherField,
    pub(super) tracking: Tracking,
}

#[derive(Deserialize)]
pub(super) struct PublisherField {
    pub(super) namespace: String,
}

#[derive(Deserialize)]
pub(super) struct Tracking {
    pub(super) id: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) current_release_date: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) initial_release_date: String,
}

#[derive(Deserialize, Default)]
pub(super) struct Tree {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) branches: Vec<Branch>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
pub(super) struct Branch {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) branches: Vec<Self>,
    pub(super) product: Option<FullProduct>,
}

#[derive(Deserialize)]
pub(super) struct FullProduct {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) name: String,
    pub(super) product_id: String,
    #[serde(rename = "product_identification_helper", default, deserialize_with = "nullable")]
    pub(super) helper: IdentificationHelper,
}

#[derive(Deserialize, Default)]
pub(super) struct IdentificationHelper {
    pub(super) cpe: Option<String>,
    pub(super) purl: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Relationship {
    pub(super) full_product_name: FullProduct,
    pub(super) product_reference: String,
    pub(super) relates_to_product_reference: String,
}

#[derive(Deserialize)]
pub(super) struct Vulnerability {
    pub(super) cve: Option<String>,
    pub(super) title: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) notes: Vec<Note>,
    pub(super) release_date: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) product_status: ProductStatus,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) references: Vec<Link>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) remediations: Vec<Remediation>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) scores: Vec<Score>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) threats: Vec<Threat>,
}

#[derive(Deserialize)]
pub(super) struct Note {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) category: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) text: String,
}

#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) url: String,
}

/// The lists of product identifiers, by status.
#[derive(Deserialize, Default)]
pub(super) struct ProductStatus {
    #[serde(default, deserialize_with = "nullable")]
    fixed: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    first_fixed: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    recommended: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    known_affected: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    first_affected: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    last_affected: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    known_not_affected: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    under_investigation: Vec<String>,
}

/// What a list of products says of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Fixed,
    Affected,
    NotAffected,
    UnderInvestigation,
}

impl ProductStatus {
    /// All lists. The first and the last affected version are read as "affected": neither vendor uses them, and a
    /// fixed version, where there is one, still ends the range.
    pub(super) fn lists(&self) -> [(Status, &[String]); 8] {
        [
            (Status::Fixed, &self.fixed),
            (Status::Fixed, &self.first_fixed),
            (Status::Fixed, &self.recommended),
            (Status::Affected, &self.known_affected),
            (Status::Affected, &self.first_affected),
            (Status::Affected, &self.last_affected),
            (Status::NotAffected, &self.known_not_affected),
            (Status::UnderInvestigation, &self.under_investigation),
        ]
    }
}

#[derive(Deserialize)]
pub(super) struct Remediation {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) category: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) details: String,
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) product_ids: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Score {
    cvss_v4: Option<Cvss>,
    cvss_v3: Option<Cvss>,
    cvss_v2: Option<Cvss>,
}

#[derive(Deserialize)]
struct Cvss {
    #[serde(rename = "vectorString", default, deserialize_with = "nullable")]
    vector: String,
}

impl Score {
    /// The vector of the version that counts most.
    pub(super) fn vector(&self) -> Option<&str> {
        let cvss = self.cvss_v3.as_ref().or(self.cvss_v4.as_ref()).or(self.cvss_v2.as_ref());
        cvss.map(|cvss| &*cvss.vector)
    }
}

#[derive(Deserialize)]
pub(super) struct Threat {
    #[serde(default, deserialize_with = "nullable")]
    category: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) details: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) product_ids: Vec<String>,
}

impl Threat {
    /// Whether it is the vendor's word for how bad it is.
    pub(super) fn is_impact(&self) -> bool {
        self.category == "impact"
    }
}
