//! Exemptions in the form of Azure Policy.
//!
//! What Azure Policy has no field for, the findings that an exemption means, stands in its metadata under
//! [`CONDITIONS`].

use super::Document;
use assessment::rules::RuleKind;
use serde_json::{Value, json};
use store::Rule;

/// The type.
pub const KIND: &str = "Microsoft.Authorization/policyExemptions";

/// Where the conditions on findings stand in the metadata.
pub const CONDITIONS: &str = "findings";

/// An exemption; none for a rule that is none.
pub fn of_rule(rule: &Rule) -> Option<Document> {
    let category = match rule.kind {
        RuleKind::Waiver | RuleKind::Mitigated => rule.kind.as_str(),
        RuleKind::Disable | RuleKind::Vex => return None,
    };
    let kept = |name: &str, absent: Value| rule.details.get(name).cloned().unwrap_or(absent);
    let mut metadata = kept("metadata", json!({}));
    if !metadata.is_object() {
        metadata = json!({});
    }
    if !rule.conditions.is_empty() {
        metadata[CONDITIONS] = serde_json::to_value(&rule.conditions).unwrap_or(Value::Null);
    }
    metadata["createdBy"] = rule.author.to_string().into();
    metadata["createdOn"] = rule.created_at.to_string().into();
    metadata["updatedOn"] = rule.updated_at.to_string().into();
    let mut properties = json!({
        "policyAssignmentId": kept("policyAssignmentId", Value::Null),
        "policyDefinitionReferenceIds": kept("policyDefinitionReferenceIds", json!([])),
        "exemptionCategory": category,
        "displayName": rule.display_name,
        "description": rule.reason,
        "metadata": metadata,
        "assignmentScopeValidation": kept("assignmentScopeValidation", json!("Default")),
    });
    if let Some(end) = rule.expires_at {
        properties["expiresOn"] = end.to_string().into();
    }
    let scope = if rule.scope == "/" { "" } else { rule.scope.as_str() };
    Some(Document {
        id: format!("{scope}/providers/{KIND}/{}", rule.name),
        name: rule.name.clone(),
        kind: KIND,
        properties,
    })
}
