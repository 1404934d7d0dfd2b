//! Assessments: of each kind that is about registries one for each registry, and one for each image.

use super::metadata::{Metadata, Subject};
use super::sub_assessment::{image_resource, worst};
use super::{Document, KnownRegistry};
use crate::governance::{Governance, Unhealthy};
use crate::plans;
use crate::rulebook::{Rulebook, image_id, sentence};
use assessment::{RegistryAssessment, RegistryFacts, RegistryState, assess_registry};
use jiff::Timestamp;
use serde_json::json;
use store::{ImageState, ImageSummary, RegistryStanding, Store};

/// The type.
pub const KIND: &str = "Microsoft.Security/assessments";

/// The severity of a registry's assessment.
const SEVERITY: &str = "High";

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
    /// Since when it stands there.
    pub standing: RegistryStanding,
}

impl Assessed {
    /// The assessment as governance sees it; none where there is nothing to resolve.
    pub fn unhealthy<'a>(&self, known: &'a KnownRegistry, kind: &'a Metadata) -> Option<Unhealthy<'a>> {
        let is_unhealthy = self.assessment.state == RegistryState::Unhealthy;
        is_unhealthy.then_some(Unhealthy {
            known,
            resource: known.id.as_str(),
            kind,
            severity: SEVERITY,
            since: self.standing.status_changed,
        })
    }
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
pub fn of_registry(
    known: &KnownRegistry,
    kind: &Metadata,
    assessed: &Assessed,
    governance: &Governance,
    now: Timestamp,
) -> Document {
    let Assessed { assessment, facts, standing } = assessed;
    let id = format!("{}/providers/{KIND}/{}", known.id, kind.key);
    let mut status = json!({
        "code": assessment.state.as_str(),
        "cause": assessment.cause,
        "description": assessment.description,
    });
    if assessment.state == RegistryState::Unhealthy {
        status["severity"] = SEVERITY.into();
    }
    if let Some(at) = standing.first_evaluated {
        status["firstEvaluationDate"] = at.to_string().into();
    }
    if let Some(at) = standing.status_changed {
        status["statusChangeDate"] = at.to_string().into();
    }
    let mut properties = json!({
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
    if let Some(at) = standing.last_assessed {
        properties["additionalData"]["lastAssessed"] = at.to_string().into();
    }
    let mut document = Document { id, name: kind.key.to_owned(), kind: KIND, properties };
    let unhealthy = assessed.unhealthy(known, kind);
    if let Some(assigned) = unhealthy.and_then(|unhealthy| governance.of(&unhealthy)) {
        assigned.show_in(&mut document, now);
    }
    document
}

/// The kind of an image's assessment.
pub fn kind_of_images() -> Option<&'static Metadata> {
    Metadata::of(Subject::Image).next()
}

/// The assessment of an image; none while its verdict is on its way, and none where nobody asked for a scan.
pub fn of_image(
    known: &KnownRegistry,
    summary: &ImageSummary,
    governance: &Governance,
    now: Timestamp,
) -> Option<Document> {
    let kind = kind_of_images()?;
    let resource = image_id(known, &summary.image)?;
    let code = match summary.state {
        ImageState::Healthy | ImageState::Unhealthy | ImageState::NotApplicable => summary.state.as_str(),
        ImageState::Queued | ImageState::Scanning | ImageState::Unscanned => return None,
    };
    let (cause, description) =
        summary.cause.as_ref().map_or(("", ""), |cause| (cause.code.as_str(), cause.sentence.as_str()));
    let id = format!("{resource}/providers/{KIND}/{}", kind.key);
    let mut status = json!({
        "code": code,
        "cause": cause,
        "description": description,
        "firstEvaluationDate": summary.first_seen.to_string(),
        "statusChangeDate": summary.changed_at.to_string(),
    });
    let severity = worst(summary, &["Critical", "High", "Medium", "Low"]);
    if summary.state == ImageState::Unhealthy {
        status["severity"] = severity.into();
    }
    let image = &summary.image;
    let mut further = json!({
        "subAssessmentsLink": format!("{id}/subAssessments"),
        "repositoryName": image.repository.name.as_str(),
        "imageDigest": image.digest.to_string(),
        "registryHost": known.registry.login_server,
        "platform": summary.platform.as_deref().unwrap_or_default(),
    });
    for severity in ["Critical", "High", "Medium", "Low", "Unknown"] {
        let count = summary.counts.get(severity).copied().unwrap_or_default();
        further[format!("{}Findings", severity.to_lowercase())] = count.to_string().into();
    }
    if let Some(at) = summary.assessed_at {
        further["lastAssessed"] = at.to_string().into();
    }
    if let Some(snapshot) = &summary.snapshot {
        further["advisories"] = snapshot.0.as_str().into();
    }
    let mut document = Document {
        id,
        name: kind.key.to_owned(),
        kind: KIND,
        properties: json!({
            "resourceDetails": image_resource(known, image),
            "displayName": kind.name,
            "status": status,
            "additionalData": further,
        }),
    };
    if let Some(assigned) =
        unhealthy_image(known, summary, resource.as_str()).and_then(|unhealthy| governance.of(&unhealthy))
    {
        assigned.show_in(&mut document, now);
    }
    Some(document)
}

/// The assessment of an image as governance sees it, where `resource` is the image's id; none where there is nothing to
/// resolve.
pub fn unhealthy_image<'a>(
    known: &'a KnownRegistry,
    summary: &ImageSummary,
    resource: &'a str,
) -> Option<Unhealthy<'a>> {
    let kind = kind_of_images()?;
    (summary.state == ImageState::Unhealthy).then_some(Unhealthy {
        known,
        resource,
        kind,
        severity: worst(summary, &["Critical", "High", "Medium", "Low"]),
        since: Some(summary.changed_at),
    })
}
