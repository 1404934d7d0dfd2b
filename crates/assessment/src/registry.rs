//! The assessment of a registry: what its images come to, all together.
//!
//! It is as bad as its worst image, and healthy only if all were assessed and none has a finding. An image that is
//! still being read takes nothing away: the registry is what the others make it, until the verdict is there.

/// How many images of a registry are in each state that counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RegistryFacts {
    /// Whether the plan of the subscription has pushes scanned.
    pub is_plan_on: bool,
    /// Images without a finding.
    pub healthy: u64,
    /// Images with a finding.
    pub unhealthy: u64,
    /// Images that cannot be assessed.
    pub not_applicable: u64,
    /// Images whose verdict is on its way.
    pub pending: u64,
}

/// The state of a registry's assessment, in the words of Azure's status codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryState {
    /// All images were assessed, and none has a finding.
    Healthy,
    /// At least one image has a finding.
    Unhealthy,
    /// It cannot be said.
    NotApplicable,
}

impl RegistryState {
    /// The word of the status code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Unhealthy => "Unhealthy",
            Self::NotApplicable => "NotApplicable",
        }
    }
}

/// The assessment of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryAssessment {
    /// The state.
    pub state: RegistryState,
    /// Why it cannot be said, in a word for programs; empty otherwise.
    pub cause: &'static str,
    /// The same in a sentence for people; empty if there is nothing to add.
    pub description: String,
}

/// Assesses a registry.
pub fn assess_registry(facts: RegistryFacts) -> RegistryAssessment {
    let RegistryFacts { is_plan_on, healthy, unhealthy, not_applicable, pending } = facts;
    let not_said = |cause, description: &str| RegistryAssessment {
        state: RegistryState::NotApplicable,
        cause,
        description: description.to_owned(),
    };
    if unhealthy > 0 {
        let all = unhealthy + healthy + not_applicable;
        let description = format!("{unhealthy} of {all} assessed images have vulnerabilities to fix.");
        return RegistryAssessment { state: RegistryState::Unhealthy, cause: "", description };
    }
    if not_applicable > 0 {
        let sentence = format!("{not_applicable} images cannot be assessed; each says why.");
        return not_said("ImagesNotAssessed", &sentence);
    }
    if healthy > 0 {
        return RegistryAssessment {
            state: RegistryState::Healthy,
            cause: "",
            description: "No image has a known vulnerability.".to_owned(),
        };
    }
    if !is_plan_on {
        return not_said("OffByPolicy", "The plan of the subscription is Free: images are not scanned.");
    }
    if pending > 0 {
        return not_said("Pending", "The first images are being scanned.");
    }
    not_said("NoImages", "There is no image in the registry.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_as_bad_as_its_worst_image() {
        let on = RegistryFacts { is_plan_on: true, ..RegistryFacts::default() };
        let cases = [
            (RegistryFacts { unhealthy: 1, not_applicable: 1, healthy: 5, ..on }, "Unhealthy", ""),
            (RegistryFacts { not_applicable: 1, healthy: 5, ..on }, "NotApplicable", "ImagesNotAssessed"),
            (RegistryFacts { healthy: 5, pending: 1, ..on }, "Healthy", ""),
            (RegistryFacts { pending: 1, ..on }, "NotApplicable", "Pending"),
            (on, "NotApplicable", "NoImages"),
            (RegistryFacts::default(), "NotApplicable", "OffByPolicy"),
            // What was found before the plan was switched off stays readable.
            (RegistryFacts { is_plan_on: false, unhealthy: 1, ..on }, "Unhealthy", ""),
        ];
        for (facts, state, cause) in cases {
            let assessed = assess_registry(facts);
            assert_eq!((assessed.state.as_str(), assessed.cause), (state, cause), "{facts:?}");
        }
    }
}
