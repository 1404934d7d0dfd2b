//! Kinds of resources of which there are none, because nothing here makes them: no machines run that could raise alerts,
//! nobody assigns policies, nothing is denied. Clients list them, and find none.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::response::Response;
use http::Method;

/// The empty list of a kind, at any scope that somebody may read such things at.
macro_rules! none {
    ($kind:literal) => {
        Route {
            method: Method::GET,
            pattern: concat!("{scope}/providers/", $kind),
            right: Right::At(Action::control(concat!($kind, "/read"))),
            handler: |state, request| Box::pin(none(state, request)),
        }
    };
}

/// Of Security Center.
pub(super) const SECURITY: Resource = Resource {
    kind: "Microsoft.Security/alerts",
    routes: &[
        none!("Microsoft.Security/alerts"),
        none!("Microsoft.Security/alertsSuppressionRules"),
        none!("Microsoft.Security/tasks"),
        none!("Microsoft.Security/regulatoryComplianceStandards"),
        none!("Microsoft.Security/securityConnectors"),
        none!("Microsoft.Security/securityContacts"),
        none!("Microsoft.Security/securitySolutions"),
        none!("Microsoft.Security/discoveredSecuritySolutions"),
        none!("Microsoft.Security/externalSecuritySolutions"),
        none!("Microsoft.Security/jitNetworkAccessPolicies"),
        none!("Microsoft.Security/autoProvisioningSettings"),
        none!("Microsoft.Security/workspaceSettings"),
    ],
};

/// Of policy.
pub(super) const POLICY: Resource = Resource {
    kind: "Microsoft.Authorization/policyAssignments",
    routes: &[
        none!("Microsoft.Authorization/policyAssignments"),
        none!("Microsoft.Authorization/policyDefinitions"),
        none!("Microsoft.Authorization/policySetDefinitions"),
    ],
};

/// Of access: roles grant, and nothing takes away what they grant.
pub(super) const DENIALS: Resource = Resource {
    kind: "Microsoft.Authorization/denyAssignments",
    routes: &[none!("Microsoft.Authorization/denyAssignments")],
};

async fn none(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    registries::require_scope(state, &request.scope).await?;
    Ok(page::whole(Vec::new()))
}
