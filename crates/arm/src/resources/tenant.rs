//! Tenants: `/tenants`. There is one.

use super::{Resource, Right, Route};
use crate::page;
use http::Method;
use serde_json::json;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Resources/tenants",
    routes: &[Route {
        method: Method::GET,
        pattern: "/tenants",
        right: Right::SignedIn,
        handler: |state, _| {
            Box::pin(async move {
                let tenant = state.tenant().to_string();
                Ok(page::whole(vec![json!({
                    "id": format!("/tenants/{tenant}"),
                    "tenantId": tenant,
                    "displayName": "Lazaretto",
                    "tenantCategory": "Home",
                    "domains": [],
                })]))
            })
        },
    }],
};
