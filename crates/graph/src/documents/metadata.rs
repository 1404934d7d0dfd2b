//! What kinds of assessments there are.
//!
//! Published queries and workbooks select by the display name, and it changed over the years. The name here is the one
//! of the documented queries; the older one stands in the description, where `* contains` finds it.

use serde_json::{Value, json};

/// The assessment of a registry's images, by the key that Azure gave it in 2020.
pub const IMAGES_KEY: &str = "dbd0cb49-b563-45e7-9724-889e799fa648";

/// Its display name.
pub const IMAGES_NAME: &str = "Container registry images should have vulnerability findings resolved";

const IMAGES_DESCRIPTION: &str = "Every image that is pushed is inspected, and its packages are compared with known vulnerabilities. \
     Resolving the findings improves the security of what runs from these images. \
     (Earlier name: Vulnerabilities in Azure Container Registry images should be remediated (powered by Qualys))";

const IMAGES_REMEDIATION: &str = "1. Open a finding: it names the package, the layer that brought it in, and the command that fixes it. \
     2. Rebuild the image with the fixed package or a newer base image, and push it. \
     3. The new image is inspected as it is pushed; delete the old one when nothing uses it.";

/// The metadata, without its place.
pub fn properties() -> Value {
    json!({
        "displayName": IMAGES_NAME,
        "policyDefinitionId":
            "/providers/Microsoft.Authorization/policyDefinitions/5f0f936f-2f01-4bf5-b6be-d423792fa562",
        "description": IMAGES_DESCRIPTION,
        "remediationDescription": IMAGES_REMEDIATION,
        "categories": ["Compute"],
        "severity": "High",
        "userImpact": "Low",
        "implementationEffort": "Moderate",
        "threats": ["accountBreach", "dataExfiltration", "elevationOfPrivilege", "maliciousInsider"],
        "preview": false,
        "assessmentType": "BuiltIn",
    })
}
