//! Parts of registries of which there are none here: clients list them, and find none. Who makes one is told why not, and
//! what to do instead.

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
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/replications",
            right: Right::Of(Action::control("Microsoft.ContainerRegistry/registries/replications/read")),
            handler: |state, request| Box::pin(none(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/replications/{name}",
            right: Right::On(Action::control("Microsoft.ContainerRegistry/registries/replications/write")),
            handler: |state, request| Box::pin(refused(state, request, "A registry has one place here")),
        },
    ],
};

/// Rules by which a registry keeps copies of others' images.
pub(super) const CACHE_RULES: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/cacheRules",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/cacheRules",
            right: Right::Of(Action::control("Microsoft.ContainerRegistry/registries/cacheRules/read")),
            handler: |state, request| Box::pin(none(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/cacheRules/{name}",
            right: Right::On(Action::control("Microsoft.ContainerRegistry/registries/cacheRules/write")),
            handler: |state, request| {
                Box::pin(refused(
                    state,
                    request,
                    "Images of other registries are copied by importing them (importImage), and not by rules",
                ))
            },
        },
    ],
};

/// What such rules sign in with.
pub(super) const CREDENTIAL_SETS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/credentialSets",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/credentialSets",
            right: Right::Of(Action::control("Microsoft.ContainerRegistry/registries/credentialSets/read")),
            handler: |state, request| Box::pin(none(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/credentialSets/{name}",
            right: Right::On(Action::control("Microsoft.ContainerRegistry/registries/credentialSets/write")),
            handler: |state, request| {
                Box::pin(refused(state, request, "There are no cache rules that could sign in with them"))
            },
        },
    ],
};

/// Registries elsewhere that follow this one.
pub(super) const CONNECTED_REGISTRIES: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/connectedRegistries",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/connectedRegistries",
            right: Right::Of(Action::control(
                "Microsoft.ContainerRegistry/registries/connectedRegistries/read",
            )),
            handler: |state, request| Box::pin(none(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/connectedRegistries/{name}",
            right: Right::On(Action::control(
                "Microsoft.ContainerRegistry/registries/connectedRegistries/write",
            )),
            handler: |state, request| {
                Box::pin(refused(
                    state,
                    request,
                    "Registries elsewhere follow this one by webhooks and their own imports",
                ))
            },
        },
    ],
};

/// Builds in the registry.
pub(super) const TASKS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/tasks",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/tasks",
            right: Right::Of(Action::control("Microsoft.ContainerRegistry/registries/tasks/read")),
            handler: |state, request| Box::pin(none(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/tasks/{name}",
            right: Right::On(Action::control("Microsoft.ContainerRegistry/registries/tasks/write")),
            handler: |state, request| {
                Box::pin(refused(state, request, "Nothing is built here; build elsewhere, and push"))
            },
        },
    ],
};

/// Runs of such builds.
pub(super) const RUNS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/runs",
    routes: &[Route {
        method: Method::GET,
        pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/runs",
        right: Right::Of(Action::control("Microsoft.ContainerRegistry/registries/runs/read")),
        handler: |state, request| Box::pin(none(state, request)),
    }],
};

/// Machines for such builds.
pub(super) const AGENT_POOLS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/agentPools",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/agentPools",
            right: Right::Of(Action::control("Microsoft.ContainerRegistry/registries/agentPools/read")),
            handler: |state, request| Box::pin(none(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/agentPools/{name}",
            right: Right::On(Action::control("Microsoft.ContainerRegistry/registries/agentPools/write")),
            handler: |state, request| {
                Box::pin(refused(state, request, "Nothing is built here; build elsewhere, and push"))
            },
        },
    ],
};

/// Ways of images out of a registry by a storage account.
pub(super) const EXPORT_PIPELINES: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/exportPipelines",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/exportPipelines",
            right: Right::Of(Action::control("Microsoft.ContainerRegistry/registries/exportPipelines/read")),
            handler: |state, request| Box::pin(none(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/exportPipelines/{name}",
            right: Right::On(Action::control("Microsoft.ContainerRegistry/registries/exportPipelines/write")),
            handler: |state, request| {
                Box::pin(refused(state, request, "Images are pulled, or copied by importing them"))
            },
        },
    ],
};

/// And into one.
pub(super) const IMPORT_PIPELINES: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/importPipelines",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/importPipelines",
            right: Right::Of(Action::control("Microsoft.ContainerRegistry/registries/importPipelines/read")),
            handler: |state, request| Box::pin(none(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/importPipelines/{name}",
            right: Right::On(Action::control("Microsoft.ContainerRegistry/registries/importPipelines/write")),
            handler: |state, request| {
                Box::pin(refused(state, request, "Images are pushed, or copied by importing them"))
            },
        },
    ],
};

/// Runs of both.
pub(super) const PIPELINE_RUNS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/pipelineRuns",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/pipelineRuns",
            right: Right::Of(Action::control("Microsoft.ContainerRegistry/registries/pipelineRuns/read")),
            handler: |state, request| Box::pin(none(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/pipelineRuns/{name}",
            right: Right::On(Action::control("Microsoft.ContainerRegistry/registries/pipelineRuns/write")),
            handler: |state, request| {
                Box::pin(refused(state, request, "Images are pushed, pulled, or copied by importing them"))
            },
        },
    ],
};

/// Connections from private networks.
pub(super) const PRIVATE_ENDPOINTS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/privateEndpointConnections",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/privateEndpointConnections",
            right: Right::Of(Action::control(
                "Microsoft.ContainerRegistry/registries/privateEndpointConnections/read",
            )),
            handler: |state, request| Box::pin(none(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/privateEndpointConnections/{name}",
            right: Right::On(Action::control(
                "Microsoft.ContainerRegistry/registries/privateEndpointConnections/write",
            )),
            handler: |state, request| {
                Box::pin(refused(
                    state,
                    request,
                    "Close the port of the server to other networks where it runs",
                ))
            },
        },
    ],
};

/// What connections from private networks could lead to.
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

async fn refused(state: &ArmState, request: &Request, instead: &'static str) -> Result<Response, ArmError> {
    registry::named(state, request).await?;
    Err(ArmError::Refused {
        code: "NotSupported",
        message: format!("There are none of these here. {instead}."),
    })
}
