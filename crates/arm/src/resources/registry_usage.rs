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
use store::Webhook;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/listUsages",
    routes: &[Route {
        method: Method::GET,
        pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/listUsages",
        right: Right::Of(Action::REGISTRY_USAGES),
        handler: |state, request| Box::pin(list(state, request)),
    }],
};

/// Where there is no quota, clients want a number all the same.
const NO_LIMIT: i64 = i64::MAX;

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let id = registry::named(state, request).await?.registry.id;
    let bytes = state.store.registry_bytes(id).await?;
    let count = |name: &str, limit: i64, value: usize| json!({"name": name, "limit": limit, "currentValue": value, "unit": "Count"});
    let webhooks = state.store.webhooks(id).await?.len();
    let most = i64::try_from(Webhook::MOST).unwrap_or(NO_LIMIT);
    Ok(page::whole(vec![
        json!({"name": "Size", "limit": NO_LIMIT, "currentValue": bytes, "unit": "Bytes"}),
        count("Webhooks", most, webhooks),
        count("ScopeMaps", NO_LIMIT, state.store.scope_maps(id).await?.len()),
        count("Tokens", NO_LIMIT, state.store.scoped_tokens(id).await?.len()),
    ]))
}
