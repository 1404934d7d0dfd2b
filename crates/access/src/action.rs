//! What is asked for.
//!
//! An action is a constant of the program: each operation of each face names one, and roles name them by pattern.
//! That is why [`Action`] holds a static text and cannot be read from a request.

mod all;
mod management;

use std::fmt;

/// One operation, in the words of Azure's role definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action {
    name: &'static str,
    data: bool,
}

impl Action {
    /// Read saved queries of Resource Graph.
    pub const SAVED_QUERY_READ: Self = Self::control("Microsoft.ResourceGraph/queries/read");
    /// Save a query of Resource Graph under a name.
    pub const SAVED_QUERY_WRITE: Self = Self::control("Microsoft.ResourceGraph/queries/write");
    /// Delete saved queries of Resource Graph.
    pub const SAVED_QUERY_DELETE: Self = Self::control("Microsoft.ResourceGraph/queries/delete");
    /// Read who has which role.
    pub const ROLE_ASSIGNMENT_READ: Self = Self::control("Microsoft.Authorization/roleAssignments/read");
    /// Read what roles grant.
    pub const ROLE_DEFINITION_READ: Self = Self::control("Microsoft.Authorization/roleDefinitions/read");
    /// List or read subscriptions.
    pub const SUBSCRIPTION_READ: Self = Self::control("Microsoft.Resources/subscriptions/read");
    /// List or read resource groups.
    pub const RESOURCE_GROUP_READ: Self =
        Self::control("Microsoft.Resources/subscriptions/resourceGroups/read");
    /// List the resources of a subscription or of a group.
    pub const RESOURCE_READ: Self = Self::control("Microsoft.Resources/subscriptions/resources/read");
    /// List or read registries.
    pub const REGISTRY_READ: Self = Self::control("Microsoft.ContainerRegistry/registries/read");
    /// Pull, and read tags, manifests and the catalog.
    pub const PULL: Self = Self::control("Microsoft.ContainerRegistry/registries/pull/read");
    /// Push.
    pub const PUSH: Self = Self::control("Microsoft.ContainerRegistry/registries/push/write");
    /// Delete manifests, tags, blobs and repositories.
    pub const ARTIFACT_DELETE: Self =
        Self::control("Microsoft.ContainerRegistry/registries/artifacts/delete");
    /// Read what is known of repositories, tags and manifests.
    pub const METADATA_READ: Self = Self::control("Microsoft.ContainerRegistry/registries/metadata/read");
    /// Change what may be done with them.
    pub const METADATA_WRITE: Self = Self::control("Microsoft.ContainerRegistry/registries/metadata/write");
    /// List what was deleted and can be restored.
    pub const DELETED_READ: Self = Self::control("Microsoft.ContainerRegistry/registries/deleted/read");
    /// Restore it.
    pub const DELETED_RESTORE: Self =
        Self::control("Microsoft.ContainerRegistry/registries/deleted/restore/action");
    /// Change the rules of a registry.
    pub const REGISTRY_RULES_WRITE: Self =
        Self::control("Microsoft.ContainerRegistry/registries/updatePolicies/write");
    /// Read which registries elsewhere are attached.
    pub const ATTACHED_READ: Self =
        Self::control("Microsoft.ContainerRegistry/registries/attachedRegistries/read");
    /// Attach registries, change and look at them.
    pub const ATTACHED_WRITE: Self =
        Self::control("Microsoft.ContainerRegistry/registries/attachedRegistries/write");
    /// Detach registries.
    pub const ATTACHED_DELETE: Self =
        Self::control("Microsoft.ContainerRegistry/registries/attachedRegistries/delete");
    /// Pull what is in quarantine.
    pub const QUARANTINE_READ: Self =
        Self::data("Microsoft.ContainerRegistry/registries/quarantinedArtifacts/read");
    /// Let content into quarantine and out of it.
    pub const QUARANTINE_WRITE: Self =
        Self::data("Microsoft.ContainerRegistry/registries/quarantinedArtifacts/write");
    /// Read plans.
    pub const PRICING_READ: Self = Self::control("Microsoft.Security/pricings/read");
    /// Change plans.
    pub const PRICING_WRITE: Self = Self::control("Microsoft.Security/pricings/write");
    /// Read assessments.
    pub const ASSESSMENT_READ: Self = Self::control("Microsoft.Security/assessments/read");
    /// Make and change assessments of one's own.
    pub const ASSESSMENT_WRITE: Self = Self::control("Microsoft.Security/assessments/write");
    /// Delete assessments of one's own.
    pub const ASSESSMENT_DELETE: Self = Self::control("Microsoft.Security/assessments/delete");
    /// Make and change kinds of assessments.
    pub const ASSESSMENT_METADATA_WRITE: Self = Self::control("Microsoft.Security/assessmentMetadata/write");
    /// Delete kinds of assessments.
    pub const ASSESSMENT_METADATA_DELETE: Self =
        Self::control("Microsoft.Security/assessmentMetadata/delete");
    /// Read what kinds of assessments there are.
    pub const ASSESSMENT_METADATA_READ: Self = Self::control("Microsoft.Security/assessmentMetadata/read");
    /// Read sub-assessments: findings and the verdicts of images.
    pub const SUB_ASSESSMENT_READ: Self = Self::control("Microsoft.Security/assessments/subAssessments/read");
    /// Take the plan of a single resource away.
    pub const PRICING_DELETE: Self = Self::control("Microsoft.Security/pricings/delete");
    /// Read scores.
    pub const SECURE_SCORE_READ: Self = Self::control("Microsoft.Security/secureScores/read");
    /// Read the controls of scores.
    pub const SECURE_SCORE_CONTROL_READ: Self = Self::control("Microsoft.Security/secureScoreControls/read");
    /// Read exemptions.
    pub const POLICY_EXEMPTION_READ: Self = Self::control("Microsoft.Authorization/policyExemptions/read");
    /// Make and change exemptions.
    pub const POLICY_EXEMPTION_WRITE: Self = Self::control("Microsoft.Authorization/policyExemptions/write");
    /// Delete exemptions.
    pub const POLICY_EXEMPTION_DELETE: Self =
        Self::control("Microsoft.Authorization/policyExemptions/delete");
    /// Read rules that disable findings. Azure keeps them with policy, and so do its roles.
    pub const RULE_READ: Self = Self::control("Microsoft.Authorization/policyAssignments/read");
    /// Make, change and delete rules that disable findings.
    pub const RULE_WRITE: Self = Self::control("Microsoft.Authorization/policyAssignments/write");
    /// Read the audit log.
    pub const AUDIT_READ: Self = Self::control("Microsoft.Insights/eventtypes/values/read");
    /// Read automations.
    pub const AUTOMATION_READ: Self = Self::control("Microsoft.Security/automations/read");
    /// Make and change automations.
    pub const AUTOMATION_WRITE: Self = Self::control("Microsoft.Security/automations/write");
    /// Delete automations.
    pub const AUTOMATION_DELETE: Self = Self::control("Microsoft.Security/automations/delete");
    /// Read who is to resolve an assessment, and until when.
    pub const GOVERNANCE_READ: Self =
        Self::control("Microsoft.Security/assessments/governanceAssignments/read");
    /// Say who is to resolve an assessment, and until when.
    pub const GOVERNANCE_WRITE: Self =
        Self::control("Microsoft.Security/assessments/governanceAssignments/write");
    /// Take that back.
    pub const GOVERNANCE_DELETE: Self =
        Self::control("Microsoft.Security/assessments/governanceAssignments/delete");
    /// Read rules that say who is to resolve assessments.
    pub const GOVERNANCE_RULE_READ: Self = Self::control("Microsoft.Security/governanceRules/read");
    /// Make, change and run such rules.
    pub const GOVERNANCE_RULE_WRITE: Self = Self::control("Microsoft.Security/governanceRules/write");
    /// Delete such rules.
    pub const GOVERNANCE_RULE_DELETE: Self = Self::control("Microsoft.Security/governanceRules/delete");

    /// An action on a resource, which `actions` of a role grant.
    pub const fn control(name: &'static str) -> Self {
        Self { name, data: false }
    }

    /// An action on the data inside a resource, which `dataActions` of a role grant.
    pub const fn data(name: &'static str) -> Self {
        Self { name, data: true }
    }

    /// Its name: `Microsoft.Security/pricings/read`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether it is granted by `dataActions` and not by `actions`.
    pub const fn is_data(self) -> bool {
        self.data
    }

    /// Whether a pattern of a role covers this action: `*` stands for any text, and case does not count.
    pub(crate) fn matches(self, pattern: &str) -> bool {
        let (text, pattern) = (self.name.as_bytes(), pattern.as_bytes());
        let (mut at, mut in_pattern) = (0, 0);
        // Where to go on after the last star: that star then swallows one byte more.
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            if pattern.get(in_pattern) == Some(&b'*') {
                in_pattern += 1;
                retry = Some((at, in_pattern));
            } else if pattern.get(in_pattern).is_some_and(|byte| byte.eq_ignore_ascii_case(&text[at])) {
                (at, in_pattern) = (at + 1, in_pattern + 1);
            } else if let Some((from, after_star)) = retry {
                (at, in_pattern) = (from + 1, after_star);
                retry = Some((from + 1, after_star));
            } else {
                return false;
            }
        }
        pattern[in_pattern..].iter().all(|byte| *byte == b'*')
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_by_star_and_without_case() {
        let read = Action::SUB_ASSESSMENT_READ;
        for pattern in [
            "*",
            "*/read",
            "Microsoft.Security/*",
            "microsoft.security/*/READ",
            "Microsoft.Security/assessments/subAssessments/read",
            "**/subAssessments/*",
        ] {
            assert!(read.matches(pattern), "{pattern}");
        }
        for pattern in [
            "",
            "*/write",
            "Microsoft.Security",
            "Microsoft.Security/assessments/read",
            "Microsoft.Security/*/readd",
            "/read",
        ] {
            assert!(!read.matches(pattern), "{pattern}");
        }
    }
}
