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

/// The list of a kind of part.
macro_rules! none {
    ($kind:literal) => {
        Route {
            method: Method::GET,
            pattern: concat!("{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/", $kind),
            right: Right::Of(Action::control(concat!(
                "Microsoft.ContainerRegistry/registries/",
                $kind,
                "/read"
            ))),
            handler: |state, request| Box::pin(none(state, request)),
        }
    };
}

/// One of a kind of part that somebody makes, and what to do instead.
macro_rules! instead {
    ($kind:literal, $instead:literal) => {
        Route {
            method: Method::PUT,
            pattern: concat!(
                "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/",
                $kind,
                "/{name}"
            ),
            right: Right::On(Action::control(concat!(
                "Microsoft.ContainerRegistry/registries/",
                $kind,
                "/write"
            ))),
            handler: |state, request| Box::pin(refused(state, request, $instead)),
        }
    };
}

/// Copies of a registry in other places.
pub(super) const REPLICATIONS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/replications",
    routes: &[none!("replications"), instead!("replications", "A registry has one place here")],
};

/// Rules by which a registry keeps copies of others' images.
pub(super) const CACHE_RULES: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/cacheRules",
    routes: &[
        none!("cacheRules"),
        instead!(
            "cacheRules",
            "Images of other registries are copied by importing them (importImage), and not by rules"
        ),
    ],
};

/// What such rules sign in with.
pub(super) const CREDENTIAL_SETS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/credentialSets",
    routes: &[
        none!("credentialSets"),
        instead!("credentialSets", "There are no cache rules that could sign in with them"),
    ],
};

/// Registries elsewhere that follow this one.
pub(super) const CONNECTED_REGISTRIES: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/connectedRegistries",
    routes: &[
        none!("connectedRegistries"),
        instead!(
            "connectedRegistries",
            "Registries elsewhere follow this one by webhooks and their own imports"
        ),
    ],
};

/// Builds in the registry.
pub(super) const TASKS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/tasks",
    routes: &[none!("tasks"), instead!("tasks", "Nothing is built here; build elsewhere, and push")],
};

/// Runs of such builds.
pub(super) const RUNS: Resource =
    Resource { kind: "Microsoft.ContainerRegistry/registries/runs", routes: &[none!("runs")] };

/// Runs of builds that were asked for once.
pub(super) const TASK_RUNS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/taskRuns",
    routes: &[none!("taskRuns"), instead!("taskRuns", "Nothing is built here; build elsewhere, and push")],
};

/// Machines for such builds.
pub(super) const AGENT_POOLS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/agentPools",
    routes: &[
        none!("agentPools"),
        instead!("agentPools", "Nothing is built here; build elsewhere, and push"),
    ],
};

/// Ways of images out of a registry by a storage account.
pub(super) const EXPORT_PIPELINES: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/exportPipelines",
    routes: &[
        none!("exportPipelines"),
        instead!("exportPipelines", "Images are pulled, or copied by importing them"),
    ],
};

/// And into one.
pub(super) const IMPORT_PIPELINES: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/importPipelines",
    routes: &[
        none!("importPipelines"),
        instead!("importPipelines", "Images are pushed, or copied by importing them"),
    ],
};

/// Runs of both.
pub(super) const PIPELINE_RUNS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/pipelineRuns",
    routes: &[
        none!("pipelineRuns"),
        instead!("pipelineRuns", "Images are pushed, pulled, or copied by importing them"),
    ],
};

/// Connections from private networks.
pub(super) const PRIVATE_ENDPOINTS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/privateEndpointConnections",
    routes: &[
        none!("privateEndpointConnections"),
        instead!(
            "privateEndpointConnections",
            "Close the port of the server to other networks where it runs"
        ),
    ],
};

/// What such connections could lead to.
pub(super) const PRIVATE_LINKS: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/privateLinkResources",
    routes: &[none!("privateLinkResources")],
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
