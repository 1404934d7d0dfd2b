//! How much a registry holds.

use super::{Resource, Right, Route, registry};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::page;
use access::Action;
use axum::response::Response;
use http::Method;
use serde_json::json;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/listUsages",
    routes: &[Route {
        method: Method::GET,
        pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/listUsages",
        right: Right::Of(Action::REGISTRY_USAGES),
        handler: |state, request| Box::pin(list(state, request)),
    }],
};

/// There is no quota; clients want a number.
const NO_LIMIT: i64 = i64::MAX;

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = registry::named(state, request).await?;
    let bytes = state.store.registry_bytes(known.registry.id).await?;
    Ok(page::whole(vec![json!({"name": "Size", "limit": NO_LIMIT, "currentValue": bytes, "unit": "Bytes"})]))
}
