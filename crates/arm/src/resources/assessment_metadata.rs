//! What kinds of assessments there are.
//!
//! Published queries and workbooks select by the display name, and it changed over the years. The name here is the one
//! of the documented queries; the older one stands in the description, where `* contains` finds it.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/assessmentMetadata",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessmentMetadata",
            right: Right::SignedIn,
            handler: |_, request| Box::pin(list(request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessmentMetadata/{name}",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(one(state, request)),
        },
    ],
};

/// The assessment of a registry's images, by the key that Azure gave it in 2020.
pub(super) const IMAGES_KEY: &str = "dbd0cb49-b563-45e7-9724-889e799fa648";

/// Its display name.
pub(super) const IMAGES_NAME: &str = "Container registry images should have vulnerability findings resolved";

const IMAGES_DESCRIPTION: &str = "Every image that is pushed is inspected, and its packages are compared with known vulnerabilities. \
     Resolving the findings improves the security of what runs from these images. \
     (Earlier name: Vulnerabilities in Azure Container Registry images should be remediated (powered by Qualys))";

const IMAGES_REMEDIATION: &str = "1. Open a finding: it names the package, the layer that brought it in, and the command that fixes it. \
     2. Rebuild the image with the fixed package or a newer base image, and push it. \
     3. The new image is inspected as it is pushed; delete the old one when nothing uses it.";

/// The metadata, without its place.
pub(super) fn properties() -> Value {
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

fn view(scope: &str) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Security/assessmentMetadata/{IMAGES_KEY}"),
        "name": IMAGES_KEY,
        "type": "Microsoft.Security/assessmentMetadata",
        "properties": properties(),
    })
}

/// What kinds there are is the same for everybody and no secret; a subscription's list shows it to whoever may read it.
fn place(request: &Request) -> Result<String, ArmError> {
    if request.scope.subscription().is_none() {
        return Ok(String::new());
    }
    request.caller.require(Action::ASSESSMENT_METADATA_READ, &request.scope)?;
    Ok(request.scope.to_string())
}

async fn list(request: &Request) -> Result<Response, ArmError> {
    Ok(page::whole(vec![view(&place(request)?)]))
}

async fn one(_: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let place = place(request)?;
    let wanted = request.name(0);
    if !wanted.eq_ignore_ascii_case(IMAGES_KEY) {
        return Err(ArmError::ResourceNotFound(wanted.to_owned()));
    }
    Ok(Json(view(&place)).into_response())
}
