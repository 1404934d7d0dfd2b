//! What kinds of assessments there are.
//!
//! Published queries and workbooks select by the display name, and it changed over the years. The name of the first kind
//! is the one of the documented queries; the older one stands in the description, where `* contains` finds it.

use serde_json::{Value, json};

/// The assessment of a registry's images, by the key that Azure gave it in 2020.
pub const IMAGES_KEY: &str = "dbd0cb49-b563-45e7-9724-889e799fa648";

/// The assessment of a registry's images, by the key that Azure gave it in 2023.
pub const NEWER_IMAGES_KEY: &str = "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5";

/// The assessment of one image, by the key that Azure gave it in 2024.
pub const IMAGE_KEY: &str = "33422d8f-ab1e-42be-bc9a-38685bb567b9";

/// What an assessment is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A registry, with all its images.
    Registry,
    /// One image.
    Image,
}

/// A kind of assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Its key.
    pub key: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// Its display name.
    pub name: &'static str,
    /// The definition of the policy behind it, by its id; none where Azure has none.
    pub policy: Option<&'static str>,
    /// What it says.
    pub description: &'static str,
    /// When it became generally available.
    pub available: &'static str,
}

/// All kinds, the first one first.
pub const KINDS: &[Metadata] = &[
    Metadata {
        key: IMAGES_KEY,
        subject: Subject::Registry,
        name: "Container registry images should have vulnerability findings resolved",
        policy: Some("5f0f936f-2f01-4bf5-b6be-d423792fa562"),
        description: "Every image that is pushed is inspected, and its packages are compared with known vulnerabilities. \
     Resolving the findings improves the security of what runs from these images. \
     (Earlier name: Vulnerabilities in Azure Container Registry images should be remediated (powered by Qualys))",
        available: "06/03/2020",
    },
    Metadata {
        key: NEWER_IMAGES_KEY,
        subject: Subject::Registry,
        name: "Azure registry container images should have vulnerabilities resolved (powered by Microsoft Defender Vulnerability Management)",
        policy: Some("090c7b07-b4ed-4561-ad20-e9075f3ccaff"),
        description: "The same findings as those of the assessment of 2020, in the form that Azure gave them in 2023: \
     one for each vulnerability of each package. The name is Azure's, so that queries find it; \
     the findings come from the advisories that are loaded here, and from no product of Microsoft.",
        available: "05/15/2023",
    },
    Metadata {
        key: IMAGE_KEY,
        subject: Subject::Image,
        name: "[Preview] Container images in Azure registry should have vulnerability findings resolved",
        policy: None,
        description: "One assessment for each image, in the form that Azure gave it in 2024: the image is the resource, \
     so that its owner sees it alone. The findings are those of the registry's assessments.",
        available: "04/03/2024",
    },
];

impl Metadata {
    /// The kind with this key, in any case.
    pub fn find(key: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.key.eq_ignore_ascii_case(key))
    }

    /// The kinds that are about one thing.
    pub fn of(subject: Subject) -> impl Iterator<Item = &'static Self> {
        KINDS.iter().filter(move |kind| kind.subject == subject)
    }

    /// The id of the policy's definition, where there is one.
    pub fn policy_id(&self) -> Option<String> {
        let policy = self.policy?;
        Some(format!("/providers/Microsoft.Authorization/policyDefinitions/{policy}"))
    }

    /// The metadata, without its place.
    pub fn properties(&self) -> Value {
        let mut properties = json!({
            "displayName": self.name,
            "description": self.description,
            "remediationDescription": REMEDIATION,
            "categories": ["Compute"],
            "severity": "High",
            "userImpact": "Low",
            "implementationEffort": "Moderate",
            "threats": ["accountBreach", "dataExfiltration", "elevationOfPrivilege", "maliciousInsider"],
            "preview": self.subject == Subject::Image,
            "assessmentType": "BuiltIn",
            "publishDates": {"GA": self.available, "public": self.available},
            "tactics": [],
            "techniques": [],
        });
        if let Some(policy) = self.policy_id() {
            properties["policyDefinitionId"] = policy.into();
        }
        properties
    }
}

const REMEDIATION: &str = "1. Open a finding: it names the package, the layer that brought it in, and the command that fixes it. \
     2. Rebuild the image with the fixed package or a newer base image, and push it. \
     3. The new image is inspected as it is pushed; delete the old one when nothing uses it.";
