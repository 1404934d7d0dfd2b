//! Parts of registries of which there are none here: clients list them, and find none.

use super::{Resource, Right, Route, registry};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::page;
use access::Action;
use axum::response::Response;
use http::Method;

/// Copies of a registry in other places.
pub(super) const REPLICATIONS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/replications",
    routes: &[Route {
        method: Method::GET,
        pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/replications",
        right: Right::Of(Action::REPLICATION_READ),
        handler: |state, request| Box::pin(none(state, request)),
    }],
};

/// Connections from private networks.
pub(super) const PRIVATE_ENDPOINTS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/privateEndpointConnections",
    routes: &[Route {
        method: Method::GET,
        pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/privateEndpointConnections",
        right: Right::Of(Action::PRIVATE_ENDPOINT_READ),
        handler: |state, request| Box::pin(none(state, request)),
    }],
};

/// What such connections could lead to.
pub(super) const PRIVATE_LINKS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/privateLinkResources",
    routes: &[Route {
        method: Method::GET,
        pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/privateLinkResources",
        right: Right::Of(Action::PRIVATE_LINK_READ),
        handler: |state, request| Box::pin(none(state, request)),
    }],
};

async fn none(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    registry::named(state, request).await?;
    Ok(page::whole(Vec::new()))
}
