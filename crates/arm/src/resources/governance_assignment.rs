//! Who is to resolve the assessment of a registry or an image, and until when:
//! `Microsoft.Security/assessments/governanceAssignments`.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::reach::Reach;
use crate::{ArmState, page};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::metadata::{Metadata, Subject};
use graph::documents::{KnownRegistry, assessment};
use graph::governance::{self, Assigned, Governance, GovernanceAssignment, KEPT};
use graph::rulebook::{Rulebook, image_id};
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

/// The assessment of a request.
struct Place {
    /// What is assessed: a registry or an image, by its resource id.
    resource: String,
    kind: &'static Metadata,
    reach: Reach,
}

impl Place {
    /// # Errors
    /// When there is no such assessment. The right was asked for before.
    async fn of(state: &ArmState, request: &Request) -> Result<Self, ArmError> {
        let missing = || ArmError::AssessmentNotFound(request.name(0).to_owned());
        let kind = Metadata::find(request.name(0)).ok_or_else(missing)?;
        let reach = Reach::of(state, request, Action::GOVERNANCE_READ).await?;
        let known = reach.registries.first().ok_or_else(missing)?;
        let resource = match (kind.subject, &reach.image) {
            (Subject::Registry, None) => {
                let known = reach.registries.iter().find(|known| known.id == request.scope);
                known.ok_or_else(missing)?.id.to_string()
            }
            (Subject::Image, Some(summary)) => {
                image_id(known, &summary.image).ok_or_else(missing)?.to_string()
            }
            (Subject::Registry, Some(_)) | (Subject::Image, None) => return Err(missing()),
        };
        Ok(Self { resource, kind, reach })
    }

    fn scope(&self) -> String {
        governance::scope(&self.resource, self.kind.key)
    }

    /// What is said of the assessment: by those who put it, or by a rule.
    async fn assigned(&self, state: &ArmState) -> Result<Vec<Assigned>, ArmError> {
        let governance = Governance::load(&*state.store).await?;
        let Some(known) = self.reach.registries.iter().find(|known| self.is_in(known)) else {
            return Ok(Vec::new());
        };
        let unhealthy = match &self.reach.image {
            Some(summary) => assessment::unhealthy_image(known, summary, &self.resource),
            None => {
                let book = Rulebook::load(&*state.store, (state.clock)()).await?;
                let assessed = assessment::assess(&*state.store, known, state.scan_plan, &book).await?;
                assessed.unhealthy(known, self.kind)
            }
        };
        Ok(governance.all_of(&self.resource, self.kind, unhealthy))
    }

    fn is_in(&self, known: &KnownRegistry) -> bool {
        ResourceId::parse(&self.resource).is_ok_and(|own| own.is_within(&known.id))
    }
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
    let assigned = Place::of(state, request).await?.assigned(state).await?;
    let now = (state.clock)();
    Ok(page::whole(assigned.iter().map(|assigned| assigned.document(now).to_rest()).collect()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let place = Place::of(state, request).await?;
    let key = key(place.scope(), request)?;
    let assigned = place.assigned(state).await?;
    let found = assigned.iter().find(|assigned| assigned.name == key.name);
    let found = found.ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))?;
    Ok(Json(found.document((state.clock)()).to_rest()).into_response())
}

#[derive(Deserialize)]
struct Body {
    properties: GovernanceAssignment,
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let key = key(Place::of(state, request).await?.scope(), request)?;
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
    let document = kept.as_ref().and_then(|kept| governance::document(kept, (state.clock)()));
    let document = document.ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))?;
    Ok((status, Json(document.to_rest())).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let place = Place::of(state, request).await?;
    let key = key(place.scope(), request)?;
    let deleted = state.store.delete_document(&key).await?;
    let assigned = place.assigned(state).await?;
    let by_rule = assigned.iter().find(|assigned| assigned.name == key.name);
    if let (false, Some(rule)) = (deleted, by_rule.and_then(|assigned| assigned.rule.as_ref())) {
        return Err(ArmError::Conflict {
            code: "GovernanceAssignmentOfRule",
            message: format!("The rule '{rule}' says so; disable it, or exclude the scope from it."),
        });
    }
    Ok(empty(if deleted { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}
