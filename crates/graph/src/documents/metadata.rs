//! What kinds of assessments there are.
//!
//! Published queries and workbooks select by the display name, and it changed over the years. The name of the first kind
//! is the one of the documented queries; the older one stands in the description, where `* contains` finds it.

use serde_json::{Value, json};

/// The assessment of a registry's images, by the key that Azure gave it in 2020.
pub const IMAGES_KEY: &str = "dbd0cb49-b563-45e7-9724-889e799fa648";

/// The assessment of a registry's images, by the key that Azure gave it in 2023.
pub const NEWER_IMAGES_KEY: &str = "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5";

/// A kind of assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Its key.
    pub key: &'static str,
    /// Its display name.
    pub name: &'static str,
    /// The definition of the policy behind it, by its id.
    pub policy: &'static str,
    /// What it is about.
    pub description: &'static str,
    /// When it became generally available.
    pub available: &'static str,
}

/// All kinds, the first one first.
pub const KINDS: &[Metadata] = &[
    Metadata {
        key: IMAGES_KEY,
        name: "Container registry images should have vulnerability findings resolved",
        policy: "5f0f936f-2f01-4bf5-b6be-d423792fa562",
        description: "Every image that is pushed is inspected, and its packages are compared with known vulnerabilities. \
     Resolving the findings improves the security of what runs from these images. \
     (Earlier name: Vulnerabilities in Azure Container Registry images should be remediated (powered by Qualys))",
        available: "06/03/2020",
    },
    Metadata {
        key: NEWER_IMAGES_KEY,
        name: "Azure registry container images should have vulnerabilities resolved (powered by Microsoft Defender Vulnerability Management)",
        policy: "090c7b07-b4ed-4561-ad20-e9075f3ccaff",
        description: "The same findings as those of the assessment of 2020, in the form that Azure gave them in 2023: \
     one for each vulnerability of each package. The name is Azure's, so that queries find it; \
     the findings come from the advisories that are loaded here, and from no product of Microsoft.",
        available: "05/15/2023",
    },
];

impl Metadata {
    /// The kind with this key, in any case.
    pub fn find(key: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.key.eq_ignore_ascii_case(key))
    }

    /// The id of the policy's definition.
    pub fn policy_id(&self) -> String {
        format!("/providers/Microsoft.Authorization/policyDefinitions/{}", self.policy)
    }

    /// The metadata, without its place.
    pub fn properties(&self) -> Value {
        json!({
            "displayName": self.name,
            "policyDefinitionId": self.policy_id(),
            "description": self.description,
            "remediationDescription": REMEDIATION,
            "categories": ["Compute"],
            "severity": "High",
            "userImpact": "Low",
            "implementationEffort": "Moderate",
            "threats": ["accountBreach", "dataExfiltration", "elevationOfPrivilege", "maliciousInsider"],
            "preview": false,
            "assessmentType": "BuiltIn",
            "publishDates": {"GA": self.available, "public": self.available},
            "tactics": [],
            "techniques": [],
        })
    }
}

const REMEDIATION: &str = "1. Open a finding: it names the package, the layer that brought it in, and the command that fixes it. \
     2. Rebuild the image with the fixed package or a newer base image, and push it. \
     3. The new image is inspected as it is pushed; delete the old one when nothing uses it.";
