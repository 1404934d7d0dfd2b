//! What kinds of assessments there are.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::metadata::{KINDS, Metadata};
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

fn view(scope: &str, kind: &Metadata) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Security/assessmentMetadata/{}", kind.key),
        "name": kind.key,
        "type": "Microsoft.Security/assessmentMetadata",
        "properties": kind.properties(),
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
    let place = place(request)?;
    Ok(page::whole(KINDS.iter().map(|kind| view(&place, kind)).collect()))
}

async fn one(_: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let place = place(request)?;
    let wanted = request.name(0);
    let kind = Metadata::find(wanted).ok_or_else(|| ArmError::ResourceNotFound(wanted.to_owned()))?;
    Ok(Json(view(&place, kind)).into_response())
}
