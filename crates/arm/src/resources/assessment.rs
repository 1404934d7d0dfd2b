//! Assessments: one for each registry, about its images.

use super::assessment_metadata::{IMAGES_KEY, IMAGES_NAME, properties};
use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::registries::{self, Known};
use crate::{ArmState, page};
use access::Action;
use assessment::{RegistryFacts, RegistryState, assess_registry};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};
use store::{ImageState, PlanTier, Standing};

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
    for known in registries::within(state, &request.caller, &request.scope, Action::ASSESSMENT_READ).await? {
        value.push(view(state, &known, request.query("$expand")).await?);
    }
    Ok(page::whole(value))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let key = request.name(0);
    let found = registries::within(state, &request.caller, &request.scope, Action::ASSESSMENT_READ).await?;
    let known = found.into_iter().find(|known| known.id == request.scope);
    match known {
        Some(known) if key.eq_ignore_ascii_case(IMAGES_KEY) => {
            Ok(Json(view(state, &known, request.query("$expand")).await?).into_response())
        }
        _ => Err(ArmError::AssessmentNotFound(key.to_owned())),
    }
}

fn facts(standing: &Standing, is_plan_on: bool) -> RegistryFacts {
    let of = |states: &[ImageState]| states.iter().filter_map(|state| standing.counts.get(state)).sum();
    RegistryFacts {
        is_plan_on,
        healthy: of(&[ImageState::Healthy]),
        unhealthy: of(&[ImageState::Unhealthy]),
        not_applicable: of(&[ImageState::NotApplicable]),
        pending: of(&[ImageState::Queued, ImageState::Scanning]),
    }
}

async fn view(state: &ArmState, known: &Known, expand: Option<&str>) -> Result<Value, ArmError> {
    let plan = state.store.plan(known.registry.subscription, state.scan_plan).await?;
    let standing = state.store.standing(known.registry.id).await?;
    let facts = facts(&standing, plan.is_some_and(|plan| plan.tier == PlanTier::Standard));
    let assessed = assess_registry(facts);
    let id = format!("{}/providers/Microsoft.Security/assessments/{IMAGES_KEY}", known.id);
    let mut status = json!({
        "code": assessed.state.as_str(),
        "cause": assessed.cause,
        "description": assessed.description,
    });
    if assessed.state == RegistryState::Unhealthy {
        status["severity"] = "High".into();
    }
    if let Some(at) = standing.first_seen {
        status["firstEvaluationDate"] = at.to_string().into();
    }
    if let Some(at) = standing.last_change {
        status["statusChangeDate"] = at.to_string().into();
    }
    let mut properties_here = json!({
        "resourceDetails": {"source": "Azure", "id": known.id.as_str()},
        "displayName": IMAGES_NAME,
        "status": status,
        // Clients read this as a map from texts to texts.
        "additionalData": {
            "subAssessmentsLink": format!("{id}/subAssessments"),
            "healthyImages": facts.healthy.to_string(),
            "unhealthyImages": facts.unhealthy.to_string(),
            "notApplicableImages": facts.not_applicable.to_string(),
            "pendingImages": facts.pending.to_string(),
        },
    });
    if expand.is_some_and(|expand| expand.to_ascii_lowercase().contains("metadata")) {
        properties_here["metadata"] = properties();
    }
    if expand.is_some_and(|expand| expand.to_ascii_lowercase().contains("links")) {
        properties_here["links"] = json!({"azurePortalUri": format!("{}/portal", state.url)});
    }
    Ok(json!({
        "id": id,
        "name": IMAGES_KEY,
        "type": "Microsoft.Security/assessments",
        "properties": properties_here,
    }))
}
