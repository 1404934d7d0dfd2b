//! Assessments: one for each registry, about its images.

use super::metadata::{IMAGES_KEY, IMAGES_NAME};
use super::{Document, KnownRegistry};
use assessment::{RegistryFacts, RegistryState, assess_registry};
use serde_json::json;
use store::{ImageState, PlanTier, RegistryStanding, Store};

/// The type.
pub const KIND: &str = "Microsoft.Security/assessments";

fn facts(standing: &RegistryStanding, is_plan_on: bool) -> RegistryFacts {
    let of = |states: &[ImageState]| states.iter().filter_map(|state| standing.counts.get(state)).sum();
    RegistryFacts {
        is_plan_on,
        healthy: of(&[ImageState::Healthy]),
        unhealthy: of(&[ImageState::Unhealthy]),
        not_applicable: of(&[ImageState::NotApplicable]),
        pending: of(&[ImageState::Queued, ImageState::Scanning]),
    }
}

/// The assessment of a registry: what its images come to.
///
/// # Errors
/// When the records fail.
pub async fn of_registry(
    store: &dyn Store,
    known: &KnownRegistry,
    scan_plan: &str,
) -> Result<Document, store::Error> {
    let plan = store.plan(known.registry.subscription, scan_plan).await?;
    let standing = store.standing(known.registry.id).await?;
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
    let properties = json!({
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
    Ok(Document { id, name: IMAGES_KEY.to_owned(), kind: KIND, properties })
}
