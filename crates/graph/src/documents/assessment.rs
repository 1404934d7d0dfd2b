//! Assessments: of each kind one for each registry, about its images.

use super::metadata::Metadata;
use super::{Document, KnownRegistry};
use crate::plans;
use crate::rulebook::{Rulebook, sentence};
use assessment::{RegistryAssessment, RegistryFacts, RegistryState, assess_registry};
use serde_json::json;
use store::{ImageState, RegistryStanding, Store};

/// The type.
pub const KIND: &str = "Microsoft.Security/assessments";

/// How the images of a registry stand.
pub fn facts(standing: &RegistryStanding, is_plan_on: bool) -> RegistryFacts {
    let of = |states: &[ImageState]| states.iter().filter_map(|state| standing.counts.get(state)).sum();
    RegistryFacts {
        is_plan_on,
        healthy: of(&[ImageState::Healthy]),
        unhealthy: of(&[ImageState::Unhealthy]),
        not_applicable: of(&[ImageState::NotApplicable]),
        pending: of(&[ImageState::Queued, ImageState::Scanning]),
    }
}

/// A registry with what its images come to.
#[derive(Debug, Clone)]
pub struct Assessed {
    /// The state, and why.
    pub assessment: RegistryAssessment,
    /// What it rests on.
    pub facts: RegistryFacts,
    /// When images were first seen, and when the state of any last changed.
    pub standing: RegistryStanding,
}

/// Assesses a registry.
///
/// # Errors
/// When the records fail.
pub async fn assess(
    store: &dyn Store,
    known: &KnownRegistry,
    scan_plan: &str,
    book: &Rulebook,
) -> Result<Assessed, store::Error> {
    let plan = plans::of_registry(store, &known.registry, scan_plan).await?;
    let standing = store.standing(known.registry.id).await?;
    let facts = facts(&standing, plan.is_standard);
    let assessment = match book.of_registry(known) {
        Some(rule) => RegistryAssessment {
            state: RegistryState::NotApplicable,
            cause: "Exempt",
            description: sentence(rule),
        },
        None => assess_registry(facts),
    };
    Ok(Assessed { assessment, facts, standing })
}

/// The assessment of a registry: what its images come to.
///
/// # Errors
/// When the records fail.
pub async fn of_registry(
    store: &dyn Store,
    known: &KnownRegistry,
    kind: &Metadata,
    scan_plan: &str,
    book: &Rulebook,
) -> Result<Document, store::Error> {
    let Assessed { assessment, facts, standing } = assess(store, known, scan_plan, book).await?;
    let id = format!("{}/providers/Microsoft.Security/assessments/{}", known.id, kind.key);
    let mut status = json!({
        "code": assessment.state.as_str(),
        "cause": assessment.cause,
        "description": assessment.description,
    });
    if assessment.state == RegistryState::Unhealthy {
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
        "displayName": kind.name,
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
    Ok(Document { id, name: kind.key.to_owned(), kind: KIND, properties })
}
