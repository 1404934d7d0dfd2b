//! Who is to resolve the assessment of a registry, and until when:
//! `Microsoft.Security/assessments/governanceAssignments`.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::metadata::Metadata;
use graph::governance::{self, GovernanceAssignment, KEPT};
use http::{Method, StatusCode};
use serde::Deserialize;
use store::{Actor, DocumentKey, DocumentPut};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/assessments/governanceAssignments",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}/governanceAssignments",
            right: Right::At(Action::GOVERNANCE_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}/governanceAssignments/{assignment}",
            right: Right::At(Action::GOVERNANCE_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}/governanceAssignments/{assignment}",
            right: Right::At(Action::GOVERNANCE_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}/governanceAssignments/{assignment}",
            right: Right::At(Action::GOVERNANCE_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

/// Names of people and words of theirs are not longer.
const LONGEST: usize = 512;

/// Where the assignments of the request's assessment are kept.
///
/// # Errors
/// When there is no such registry or assessment. The right was asked for before.
async fn place(state: &ArmState, request: &Request) -> Result<String, ArmError> {
    let missing = || ArmError::AssessmentNotFound(request.name(0).to_owned());
    let kind = Metadata::find(request.name(0)).ok_or_else(missing)?;
    let found = registries::within(state, &request.caller, &request.scope, Action::GOVERNANCE_READ).await?;
    let known = found.into_iter().find(|known| known.id == request.scope).ok_or_else(missing)?;
    Ok(governance::scope(known.id.as_str(), kind.key))
}

/// # Errors
/// When the name is none: Azure names assignments by GUID.
fn key(scope: String, request: &Request) -> Result<DocumentKey, ArmError> {
    let name: Uuid = request
        .name(1)
        .parse()
        .map_err(|_| ArmError::Invalid("A governance assignment is named by a GUID.".to_owned()))?;
    Ok(DocumentKey { kind: KEPT, scope, name: name.to_string() })
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let place = place(state, request).await?;
    let all = governance::all(&*state.store).await?;
    let own = all.iter().filter(|kept| kept.scope.eq_ignore_ascii_case(&place));
    Ok(page::whole(own.map(|kept| governance::document(kept).to_rest()).collect()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let key = key(place(state, request).await?, request)?;
    let kept = state.store.document(&key).await?;
    let kept = kept.ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))?;
    Ok(Json(governance::document(&kept).to_rest()).into_response())
}

#[derive(Deserialize)]
struct Body {
    properties: GovernanceAssignment,
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let key = key(place(state, request).await?, request)?;
    let body: Body = serde_json::from_slice(&request.body).map_err(|error| {
        ArmError::Invalid(format!(
            "The body must be {{\"properties\": {{\"remediationDueDate\": \"2026-01-31T00:00:00Z\", ...}}}}: {error}."
        ))
    })?;
    let justification = body.properties.remediation_eta.as_ref().map(|eta| eta.justification.as_str());
    let texts = [body.properties.owner.as_deref(), justification];
    if texts.into_iter().flatten().any(|text| text.chars().count() > LONGEST) {
        return Err(ArmError::Invalid(format!(
            "'owner' and 'justification' have at most {LONGEST} letters."
        )));
    }
    let content = serde_json::to_value(&body.properties)
        .map_err(|error| ArmError::Invalid(format!("The assignment cannot be kept: {error}.")))?;
    let author = Actor(request.caller.principal.name.clone());
    let status = match state.store.put_document(key.clone(), content, author, (state.clock)()).await? {
        DocumentPut::Created => StatusCode::CREATED,
        DocumentPut::Replaced => StatusCode::OK,
        DocumentPut::TooMany => {
            return Err(ArmError::Invalid(
                "There are too many assignments; delete some that are done.".into(),
            ));
        }
    };
    let kept = state.store.document(&key).await?;
    let kept = kept.ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))?;
    Ok((status, Json(governance::document(&kept).to_rest())).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let key = key(place(state, request).await?, request)?;
    let deleted = state.store.delete_document(&key).await?;
    Ok(empty(if deleted { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}
