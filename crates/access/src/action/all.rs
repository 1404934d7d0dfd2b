//! All actions in one list, for whoever defines a role and looks for its words.

use super::Action;

impl Action {
    /// Every action that a constant stands for.
    pub const ALL: &[Self] = &[
        Self::SAVED_QUERY_READ,
        Self::SAVED_QUERY_WRITE,
        Self::SAVED_QUERY_DELETE,
        Self::ROLE_ASSIGNMENT_READ,
        Self::ROLE_DEFINITION_READ,
        Self::SUBSCRIPTION_READ,
        Self::RESOURCE_GROUP_READ,
        Self::RESOURCE_READ,
        Self::REGISTRY_READ,
        Self::PULL,
        Self::PUSH,
        Self::ARTIFACT_DELETE,
        Self::METADATA_READ,
        Self::METADATA_WRITE,
        Self::DELETED_READ,
        Self::DELETED_RESTORE,
        Self::REGISTRY_RULES_WRITE,
        Self::ATTACHED_READ,
        Self::ATTACHED_WRITE,
        Self::ATTACHED_DELETE,
        Self::QUARANTINE_READ,
        Self::QUARANTINE_WRITE,
        Self::PRICING_READ,
        Self::PRICING_WRITE,
        Self::ASSESSMENT_READ,
        Self::ASSESSMENT_WRITE,
        Self::ASSESSMENT_DELETE,
        Self::ASSESSMENT_METADATA_WRITE,
        Self::ASSESSMENT_METADATA_DELETE,
        Self::ASSESSMENT_METADATA_READ,
        Self::SUB_ASSESSMENT_READ,
        Self::PRICING_DELETE,
        Self::SECURE_SCORE_READ,
        Self::SECURE_SCORE_CONTROL_READ,
        Self::POLICY_EXEMPTION_READ,
        Self::POLICY_EXEMPTION_WRITE,
        Self::POLICY_EXEMPTION_DELETE,
        Self::RULE_READ,
        Self::RULE_WRITE,
        Self::AUDIT_READ,
        Self::AUTOMATION_READ,
        Self::AUTOMATION_WRITE,
        Self::AUTOMATION_DELETE,
        Self::GOVERNANCE_READ,
        Self::GOVERNANCE_WRITE,
        Self::GOVERNANCE_DELETE,
        Self::GOVERNANCE_RULE_READ,
        Self::GOVERNANCE_RULE_WRITE,
        Self::GOVERNANCE_RULE_DELETE,
        Self::RESOURCE_GROUP_WRITE,
        Self::RESOURCE_GROUP_DELETE,
        Self::MANAGEMENT_GROUP_READ,
        Self::SUBSCRIPTION_CREATE,
        Self::SUBSCRIPTION_ALIAS_READ,
        Self::REGISTRY_WRITE,
        Self::REGISTRY_DELETE,
        Self::REGISTRY_NAME_CHECK,
        Self::REGISTRY_CREDENTIALS,
        Self::REGISTRY_CREDENTIAL_RENEW,
        Self::REGISTRY_USAGES,
        Self::REGISTRY_OPERATION_READ,
        Self::REGISTRY_IMPORT,
        Self::REGISTRY_TOKEN_CREDENTIALS,
        Self::WEBHOOK_READ,
        Self::WEBHOOK_WRITE,
        Self::WEBHOOK_DELETE,
        Self::WEBHOOK_PING,
        Self::WEBHOOK_CONFIGURATION,
        Self::WEBHOOK_EVENTS,
        Self::SCOPE_MAP_READ,
        Self::SCOPE_MAP_WRITE,
        Self::SCOPE_MAP_DELETE,
        Self::TOKEN_READ,
        Self::TOKEN_WRITE,
        Self::TOKEN_DELETE,
        Self::CONTENT_READ,
        Self::CONTENT_WRITE,
        Self::CONTENT_DELETE,
        Self::REPOSITORY_METADATA_READ,
        Self::REPOSITORY_METADATA_WRITE,
        Self::CATALOG_READ,
        Self::LOCK_READ,
        Self::LOCK_WRITE,
        Self::LOCK_DELETE,
        Self::TAG_READ,
        Self::TAG_WRITE,
        Self::TAG_DELETE,
        Self::SECURITY_LOCATION_READ,
        Self::ROLE_DEFINITION_WRITE,
        Self::ROLE_DEFINITION_DELETE,
        Self::ROLE_ASSIGNMENT_WRITE,
        Self::ROLE_ASSIGNMENT_DELETE,
        Self::DIRECTORY_WRITE,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_constant_is_in_the_list() {
        let sources = concat!(include_str!("../action.rs"), include_str!("management.rs"));
        let listed = include_str!("all.rs");
        let constants = sources.lines().filter_map(|line| line.trim().strip_prefix("pub const "));
        for name in constants.filter_map(|line| Some(line.split_once(": Self")?.0)) {
            assert!(listed.contains(&format!("Self::{name},")), "{name} is missing");
        }
        let names: BTreeSet<&str> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len(), "an action is listed twice");
    }
}
