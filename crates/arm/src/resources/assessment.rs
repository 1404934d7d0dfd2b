//! Assessments: one for each registry, about its images.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::metadata::{KINDS, Metadata};
use graph::documents::{self, KnownRegistry};
use graph::rulebook::Rulebook;
use http::Method;
use serde_json::{Value, json};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/assessments",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessments",
            right: Right::Within(Action::ASSESSMENT_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}",
            right: Right::At(Action::ASSESSMENT_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
    ],
};

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut value = Vec::new();
    let book = Rulebook::load(&*state.store, (state.clock)()).await?;
    for known in registries::within(state, &request.caller, &request.scope, Action::ASSESSMENT_READ).await? {
        for kind in KINDS {
            value.push(view(state, &known, kind, &book, request).await?);
        }
    }
    Ok(page::whole(value))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let key = request.name(0);
    let found = registries::within(state, &request.caller, &request.scope, Action::ASSESSMENT_READ).await?;
    let known = found.into_iter().find(|known| known.id == request.scope);
    match (known, Metadata::find(key)) {
        (Some(known), Some(kind)) => {
            let book = Rulebook::load(&*state.store, (state.clock)()).await?;
            Ok(Json(view(state, &known, kind, &book, request).await?).into_response())
        }
        _ => Err(ArmError::AssessmentNotFound(key.to_owned())),
    }
}

async fn view(
    state: &ArmState,
    known: &KnownRegistry,
    kind: &Metadata,
    book: &Rulebook,
    request: &Request,
) -> Result<Value, ArmError> {
    let document =
        documents::assessment::of_registry(&*state.store, known, kind, state.scan_plan, book).await?;
    let mut view = document.to_rest();
    let expand = request.query("$expand").unwrap_or_default().to_ascii_lowercase();
    if expand.contains("metadata") {
        view["properties"]["metadata"] = kind.properties();
    }
    if expand.contains("links") {
        view["properties"]["links"] = json!({"azurePortalUri": format!("{}/portal", state.url)});
    }
    Ok(view)
}
