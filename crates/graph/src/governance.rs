//! Who is to resolve an assessment, and until when: governance assignments.
//!
//! An assignment with a grace period takes its registry out of the secure score until the day that is due.

use crate::documents::metadata::KINDS;
use crate::documents::{Document, KnownRegistry};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{KeptDocument, Store};

/// The type.
pub const KIND: &str = "Microsoft.Security/assessments/governanceAssignments";
/// The kind under which assignments are kept.
pub const KEPT: &str = "governance-assignment";

/// Who is to resolve an assessment, and until when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GovernanceAssignment {
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Until when.
    pub remediation_due_date: Timestamp,
    /// When the owner thinks that it will be done, and why then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation_eta: Option<RemediationEta>,
    /// Whether the score waits for it.
    #[serde(default)]
    pub is_grace_period: bool,
    /// Whom to write to. Kept and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governance_email_notification: Option<Value>,
    /// A ticket elsewhere. Kept and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_data: Option<Value>,
}

/// When the owner thinks that it will be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemediationEta {
    /// When.
    pub eta: Timestamp,
    /// Why then.
    pub justification: String,
}

/// Where the assignments of an assessment are kept: the assessment's resource id.
pub fn scope(registry: &str, key: &str) -> String {
    format!("{registry}/providers/Microsoft.Security/assessments/{key}")
}

/// An assignment as a resource.
pub fn document(kept: &KeptDocument) -> Document {
    let mut properties = kept.body.clone();
    let due = kept.body["remediationDueDate"].clone();
    if properties["governanceEmailNotification"].is_null() {
        properties["governanceEmailNotification"] =
            json!({"disableManagerEmailNotification": true, "disableOwnerEmailNotification": true});
    }
    properties["remediationDueDate"] = due;
    Document {
        id: format!("{}/governanceAssignments/{}", kept.scope, kept.name),
        name: kept.name.clone(),
        kind: KIND,
        properties,
    }
}

/// Whether the score does not count a registry yet: an assignment of one of its assessments gives it time.
pub fn is_in_grace(all: &[KeptDocument], known: &KnownRegistry, now: Timestamp) -> bool {
    let scopes: Vec<String> = KINDS.iter().map(|kind| scope(known.id.as_str(), kind.key)).collect();
    all.iter().filter(|kept| scopes.iter().any(|own| own.eq_ignore_ascii_case(&kept.scope))).any(|kept| {
        serde_json::from_value::<GovernanceAssignment>(kept.body.clone())
            .is_ok_and(|assignment| assignment.is_grace_period && now < assignment.remediation_due_date)
    })
}

/// All assignments.
///
/// # Errors
/// When the records fail.
pub async fn all(store: &dyn Store) -> Result<Vec<KeptDocument>, store::Error> {
    store.documents(KEPT).await
}
