//! Assessments that people and programs make themselves, and the kinds that they are of.
//!
//! A kind is defined in a subscription; its name is that of its assessments. Anything may be assessed that stands in the
//! subscription. What they say counts for nothing that is judged here: neither for the verdict on an image nor for the
//! secure score, as Azure's own score rests on its built-in recommendations alone.

use super::Document;
use super::assessment::KIND;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use store::{AssessmentKind, CustomAssessment, Store, SubscriptionId};

/// The type of kinds.
pub const METADATA_KIND: &str = "Microsoft.Security/assessmentMetadata";

/// The word for kinds that customers define.
const TYPE: &str = "CustomerManaged";

/// Letters of a name, and of a longer text.
const NAME: usize = 256;
const TEXT: usize = 8192;

const SEVERITIES: &[&str] = &["Low", "Medium", "High", "Critical"];
const LEVELS: &[&str] = &["Low", "Moderate", "High"];
const CATEGORIES: &[&str] =
    &["Compute", "Networking", "Data", "IdentityAndAccess", "IoT", "Container", "AppServices"];
const THREATS: &[&str] = &[
    "accountBreach",
    "dataExfiltration",
    "dataSpillage",
    "maliciousInsider",
    "elevationOfPrivilege",
    "threatResistance",
    "missingCoverage",
    "denialOfService",
];

/// Why a kind is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomKindError {
    /// A word that Azure does not know.
    #[error("'{value}' is no {field}; there are {}", known.join(", "))]
    Word {
        /// Where it stands.
        field: &'static str,
        /// The word.
        value: String,
        /// Those that are.
        known: &'static [&'static str],
    },
    /// Nothing where something must be.
    #[error("'{0}' is missing")]
    Missing(&'static str),
    /// More letters than are kept.
    #[error("'{field}' has more than {most} letters")]
    Long {
        /// Where they stand.
        field: &'static str,
        /// So many are kept.
        most: usize,
    },
    /// A kind that is not the customer's.
    #[error("assessmentType '{0}' is not for kinds of one's own; write CustomerManaged")]
    Type(String),
    /// A partner, of which there are none here.
    #[error("partners are not there; leave partnerData out")]
    Partner,
}

/// A kind as its clients put it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomKind {
    display_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remediation_description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    categories: Option<Vec<String>>,
    severity: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_impact: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    implementation_effort: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    threats: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preview: Option<bool>,
    assessment_type: String,
    #[serde(default, skip_serializing)]
    partner_data: Option<Value>,
}

impl CustomKind {
    /// The same in the spelling that Azure's models know.
    ///
    /// # Errors
    /// When something is missing, is too long, or is a word that is not known.
    pub fn checked(self) -> Result<Self, CustomKindError> {
        if !self.assessment_type.eq_ignore_ascii_case(TYPE) {
            return Err(CustomKindError::Type(self.assessment_type.chars().take(40).collect()));
        }
        if self.partner_data.is_some_and(|partner| !partner.is_null()) {
            return Err(CustomKindError::Partner);
        }
        if self.display_name.trim().is_empty() {
            return Err(CustomKindError::Missing("displayName"));
        }
        short("displayName", &self.display_name, NAME)?;
        short("description", self.description.as_deref().unwrap_or_default(), TEXT)?;
        short("remediationDescription", self.remediation_description.as_deref().unwrap_or_default(), TEXT)?;
        let level = |field, value: Option<String>| value.map(|value| word(field, &value, LEVELS)).transpose();
        Ok(Self {
            categories: self.categories.map(|all| words("category", &all, CATEGORIES)).transpose()?,
            severity: word("severity", &self.severity, SEVERITIES)?,
            user_impact: level("userImpact", self.user_impact)?,
            implementation_effort: level("implementationEffort", self.implementation_effort)?,
            threats: self.threats.map(|all| words("threat", &all, THREATS)).transpose()?,
            assessment_type: TYPE.to_owned(),
            partner_data: None,
            ..self
        })
    }

    /// The metadata, without its place.
    pub fn properties(&self) -> Value {
        let mut properties = json!(self);
        properties["preview"] = self.preview.unwrap_or(false).into();
        properties
    }
}

fn short(field: &'static str, text: &str, most: usize) -> Result<(), CustomKindError> {
    if text.chars().count() > most { Err(CustomKindError::Long { field, most }) } else { Ok(()) }
}

fn word(field: &'static str, value: &str, known: &'static [&'static str]) -> Result<String, CustomKindError> {
    let found = known.iter().find(|word| word.eq_ignore_ascii_case(value));
    let found = found.ok_or_else(|| CustomKindError::Word {
        field,
        value: value.chars().take(40).collect(),
        known,
    })?;
    Ok((*found).to_owned())
}

fn words(
    field: &'static str,
    values: &[String],
    known: &'static [&'static str],
) -> Result<Vec<String>, CustomKindError> {
    let mut found = values.iter().map(|value| word(field, value, known)).collect::<Result<Vec<_>, _>>()?;
    found.sort();
    found.dedup();
    Ok(found)
}

/// A kind as a resource of its subscription.
pub fn of_kind(kept: &AssessmentKind) -> Option<Document> {
    let kind: CustomKind = serde_json::from_value(kept.body.clone()).ok()?;
    Some(Document {
        id: format!("/subscriptions/{}/providers/{METADATA_KIND}/{}", kept.subscription, kept.name),
        name: kept.name.clone(),
        kind: METADATA_KIND,
        properties: kind.properties(),
    })
}

/// The kinds of some subscriptions, read when the first assessment of one is shown.
#[derive(Debug, Default)]
pub struct CustomKinds(BTreeMap<SubscriptionId, BTreeMap<String, CustomKind>>);

impl CustomKinds {
    /// The kind of an assessment; none for a record that this program did not write.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn of(
        &mut self,
        store: &dyn Store,
        assessment: &CustomAssessment,
    ) -> Result<Option<&CustomKind>, store::Error> {
        let subscription = assessment.said.subscription;
        if let Entry::Vacant(place) = self.0.entry(subscription) {
            let kept = store.assessment_kinds(subscription).await?;
            let read = kept.into_iter().filter_map(|kept| {
                Some((kept.name.to_ascii_lowercase(), serde_json::from_value(kept.body).ok()?))
            });
            place.insert(read.collect());
        }
        let kinds = self.0.get(&subscription);
        Ok(kinds.and_then(|kinds| kinds.get(&assessment.said.name.to_ascii_lowercase())))
    }
}

/// An assessment that somebody made.
pub fn document(assessment: &CustomAssessment, kind: &CustomKind) -> Document {
    let said = &assessment.said;
    let mut status = json!({
        "code": said.code,
        "cause": said.cause,
        "description": said.description,
        "firstEvaluationDate": assessment.first_at.to_string(),
        "statusChangeDate": assessment.status_at.to_string(),
    });
    if said.code == "Unhealthy" {
        status["severity"] = kind.severity.as_str().into();
    }
    Document {
        id: format!("{}/providers/{KIND}/{}", said.scope.trim_end_matches('/'), said.name),
        name: said.name.clone(),
        kind: KIND,
        properties: json!({
            "resourceDetails": {"source": "Azure", "id": said.scope},
            "displayName": kind.display_name,
            "status": status,
            "additionalData": said.additional,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(change: impl FnOnce(&mut Value)) -> Result<CustomKind, String> {
        let mut body = json!({
            "displayName": "Images are signed",
            "severity": "medium",
            "assessmentType": "customermanaged",
            "categories": ["data", "Compute", "data"],
            "userImpact": "low",
        });
        change(&mut body);
        let kind: CustomKind = serde_json::from_value(body).map_err(|error| error.to_string())?;
        kind.checked().map_err(|error| error.to_string())
    }

    #[test]
    fn words_are_told_as_azure_spells_them() {
        let kind = checked(|_| {}).unwrap();
        assert_eq!(
            kind.properties(),
            json!({
                "displayName": "Images are signed",
                "severity": "Medium",
                "assessmentType": "CustomerManaged",
                "categories": ["Compute", "Data"],
                "userImpact": "Low",
                "preview": false,
            })
        );
    }

    #[test]
    fn what_is_no_kind_of_ones_own_is_refused_with_what_to_write() {
        let cases: [(&str, Value, &str); 8] = [
            ("severity", json!("Huge"), "there are Low, Medium, High"),
            ("severity", json!(7), "invalid type"),
            ("displayName", json!(" "), "'displayName' is missing"),
            ("displayName", json!("x".repeat(NAME + 1)), "more than 256 letters"),
            ("assessmentType", json!("BuiltIn"), "write CustomerManaged"),
            ("threats", json!(["rain"]), "'rain' is no threat"),
            ("implementationEffort", json!("Medium"), "there are Low, Moderate, High"),
            ("partnerData", json!({"partnerName": "x", "secret": "y"}), "leave partnerData out"),
        ];
        for (field, value, expected) in cases {
            let error = checked(|body| body[field] = value).unwrap_err();
            assert!(error.contains(expected), "{field}: {error}");
        }
    }
}
