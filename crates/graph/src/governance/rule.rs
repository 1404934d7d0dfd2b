//! Governance rules: `Microsoft.Security/governanceRules`.

use crate::documents::Document;
use access::ResourceId;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::KeptDocument;

/// The type.
pub const RULE_KIND: &str = "Microsoft.Security/governanceRules";
/// The kind under which rules are kept.
pub const RULE_KEPT: &str = "governance-rule";

/// Longer texts are refused.
const LONGEST: usize = 512;
/// More conditions or excluded scopes than this are refused: every assessment is compared with all of them.
const MOST: usize = 50;
/// A longer time to resolve something is none.
const LONGEST_DAYS: i64 = 3650;

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GovernanceRule {
    /// A name for people.
    pub display_name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The time to resolve what it means: `7.00:00:00` for seven days.
    pub remediation_timeframe: String,
    /// Whether the score waits for as long.
    #[serde(default)]
    pub is_grace_period: bool,
    /// The smaller one goes first.
    pub rule_priority: u16,
    /// Whether it says nothing for now.
    #[serde(default)]
    pub is_disabled: bool,
    /// `Integrated`.
    pub rule_type: String,
    /// `Assessments`.
    pub source_resource_type: String,
    /// Where it does not hold: resource ids.
    #[serde(default)]
    pub excluded_scopes: Vec<String>,
    /// Which assessments it means: of several sets one must hold, and of a set all.
    pub condition_sets: Vec<ConditionSet>,
    /// Whether it holds in what lies below a management group. Kept and shown: it always does.
    #[serde(default)]
    pub include_member_scopes: bool,
    /// Who is to resolve it.
    pub owner_source: OwnerSource,
    /// Whom to write to. Kept and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governance_email_notification: Option<Value>,
}

/// Conditions that must hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionSet {
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// `$.AssessmentKey` or `$.Severity`.
    pub property: String,
    /// A text, or for `In` a list of texts in JSON.
    pub value: String,
    /// `Equals` or `In`.
    pub operator: String,
}

/// Who is to resolve something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerSource {
    /// How the owner is found.
    #[serde(rename = "type")]
    pub kind: OwnerKind,
    /// The owner, or the name of the tag that names them.
    pub value: String,
}

/// How an owner is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnerKind {
    /// By a tag of the registry, or of its resource group.
    ByTag,
    /// It is always the same.
    Manually,
}

/// Why a rule is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The time is none.
    #[error(
        "'remediationTimeframe' is `{0}`; write days and time, as 7.00:00:00 for seven days, at most ten years"
    )]
    Timeframe(String),
    /// A priority out of its range.
    #[error("'rulePriority' lies between 0 and 1000")]
    Priority,
    /// It is about something that does not exist here.
    #[error("'{0}' must be '{1}': there is nothing else here")]
    Word(&'static str, &'static str),
    /// There is nothing that it means.
    #[error("'conditionSets' needs at least one condition, and at most {MOST} in all")]
    Conditions,
    /// A condition is not understood.
    #[error(
        "the condition on '{0}' is not understood: there are $.AssessmentKey and $.Severity, each with \
         'Equals' and a text, or 'In' and a list of texts in JSON"
    )]
    Condition(String),
    /// A scope is none.
    #[error("'{0}' in 'excludedScopes' is no resource id")]
    Scope(String),
    /// A text is too long, or missing.
    #[error("'{0}' must have 1 to {LONGEST} letters")]
    Length(&'static str),
}

/// A time as Azure writes it: `[d.]hh:mm:ss`.
pub fn timeframe(text: &str) -> Option<SignedDuration> {
    let (days, clock) = text.split_once('.').unwrap_or(("0", text));
    let parts: Vec<&str> = clock.split(':').collect();
    let [hours, minutes, seconds] = parts.as_slice() else { return None };
    let number = |text: &str, most: i64| {
        let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| is_number && *number <= most)
    };
    let (days, hours) = (number(days, LONGEST_DAYS)?, number(hours, 23)?);
    let (minutes, seconds) = (number(minutes, 59)?, number(seconds, 59)?);
    let all = SignedDuration::from_secs(((days * 24 + hours) * 60 + minutes) * 60 + seconds);
    all.is_positive().then_some(all)
}

impl GovernanceRule {
    /// # Errors
    /// When it could never do what it says.
    pub fn check(&self) -> Result<(), RuleError> {
        let texts = [
            ("displayName", self.display_name.as_str()),
            ("ownerSource.value", self.owner_source.value.as_str()),
        ];
        for (what, text) in texts {
            if text.trim().is_empty() || text.chars().count() > LONGEST {
                return Err(RuleError::Length(what));
            }
        }
        if self.description.as_ref().is_some_and(|text| text.chars().count() > LONGEST) {
            return Err(RuleError::Length("description"));
        }
        if self.time().is_none() {
            return Err(RuleError::Timeframe(self.remediation_timeframe.chars().take(40).collect()));
        }
        if self.rule_priority > 1000 {
            return Err(RuleError::Priority);
        }
        if !self.rule_type.eq_ignore_ascii_case("Integrated") {
            return Err(RuleError::Word("ruleType", "Integrated"));
        }
        if !self.source_resource_type.eq_ignore_ascii_case("Assessments") {
            return Err(RuleError::Word("sourceResourceType", "Assessments"));
        }
        let wrong = |scope: &&String| ResourceId::parse(scope).is_err();
        if let Some(scope) = self.excluded_scopes.iter().find(wrong) {
            return Err(RuleError::Scope(scope.chars().take(80).collect()));
        }
        let count: usize = self.condition_sets.iter().map(|set| set.conditions.len()).sum();
        let is_empty = self.condition_sets.iter().any(|set| set.conditions.is_empty());
        if count == 0 || is_empty || count > MOST || self.excluded_scopes.len() > MOST {
            return Err(RuleError::Conditions);
        }
        let conditions = self.condition_sets.iter().flat_map(|set| &set.conditions);
        for condition in conditions {
            if condition.wanted().is_none() || condition.subject().is_none() {
                return Err(RuleError::Condition(condition.property.chars().take(80).collect()));
            }
        }
        Ok(())
    }

    /// The time to resolve what it means.
    pub fn time(&self) -> Option<SignedDuration> {
        timeframe(&self.remediation_timeframe)
    }

    /// Whether it holds nothing there.
    pub fn excludes(&self, resource: &ResourceId) -> bool {
        self.excluded_scopes
            .iter()
            .any(|scope| ResourceId::parse(scope).is_ok_and(|scope| resource.is_within(&scope)))
    }

    /// Whether it means an assessment of this kind and severity.
    pub fn means(&self, key: &str, severity: &str) -> bool {
        self.condition_sets
            .iter()
            .any(|set| set.conditions.iter().all(|condition| condition.holds(key, severity)))
    }
}

/// What a condition looks at.
#[derive(Clone, Copy)]
enum Subject {
    Key,
    Severity,
}

impl Condition {
    fn subject(&self) -> Option<Subject> {
        let name = self.property.trim_start_matches('$').trim_start_matches('.');
        match () {
            () if name.eq_ignore_ascii_case("AssessmentKey") => Some(Subject::Key),
            () if name.eq_ignore_ascii_case("Severity") || name.eq_ignore_ascii_case("Metadata.Severity") => {
                Some(Subject::Severity)
            }
            () => None,
        }
    }

    /// The texts of which one is asked for.
    fn wanted(&self) -> Option<Vec<String>> {
        match () {
            () if self.operator.eq_ignore_ascii_case("Equals") => Some(vec![self.value.clone()]),
            () if self.operator.eq_ignore_ascii_case("In") => serde_json::from_str(&self.value).ok(),
            () => None,
        }
    }

    fn holds(&self, key: &str, severity: &str) -> bool {
        let text = match self.subject() {
            Some(Subject::Key) => key,
            Some(Subject::Severity) => severity,
            None => return false,
        };
        self.wanted().is_some_and(|wanted| wanted.iter().any(|one| one.eq_ignore_ascii_case(text)))
    }
}

/// The resource id of a rule.
pub(super) fn id(kept: &KeptDocument) -> String {
    let scope = if kept.scope == "/" { "" } else { kept.scope.as_str() };
    format!("{scope}/providers/{RULE_KIND}/{}", kept.name)
}

/// A rule as a resource.
pub fn rule_document(kept: &KeptDocument, tenant: &str) -> Document {
    let mut properties = kept.body.clone();
    properties["tenantId"] = tenant.into();
    properties["metadata"] = json!({
        "createdBy": kept.author.to_string(),
        "createdOn": kept.created_at.to_string(),
        "updatedBy": kept.author.to_string(),
        "updatedOn": kept.changed_at.to_string(),
    });
    Document { id: id(kept), name: kept.name.clone(), kind: RULE_KIND, properties }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(change: impl FnOnce(&mut Value)) -> Result<GovernanceRule, serde_json::Error> {
        let mut body = json!({
            "displayName": "Images",
            "remediationTimeframe": "7.00:00:00",
            "rulePriority": 100,
            "ruleType": "Integrated",
            "sourceResourceType": "Assessments",
            "conditionSets": [{"conditions": [
                {"property": "$.AssessmentKey", "operator": "In", "value": "[\"A\", \"b\"]"},
                {"property": "$.Severity", "operator": "Equals", "value": "High"},
            ]}],
            "ownerSource": {"type": "Manually", "value": "alice@harbour.test"},
        });
        change(&mut body);
        serde_json::from_value(body)
    }

    #[test]
    fn times_are_days_and_a_clock() {
        let days = |text| timeframe(text).map(|time| time.as_secs());
        assert_eq!(days("7.00:00:00"), Some(7 * 86_400));
        assert_eq!(days("01:02:03"), Some(3723));
        for wrong in [
            "",
            "7",
            "7.",
            "0.00:00:00",
            "1.24:00:00",
            "-1.00:00:00",
            "99999.00:00:00",
            "1.0:0",
            "1.00:00:00.5",
        ] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn of_sets_one_must_hold_and_of_a_set_all() {
        let both = rule(|_| ()).unwrap();
        assert_eq!(both.check(), Ok(()));
        assert!(both.means("a", "high") && both.means("B", "High"));
        assert!(!both.means("c", "High") && !both.means("a", "Low"));
        let either = rule(|body| {
            let sets = body["conditionSets"][0]["conditions"].as_array().unwrap().clone();
            body["conditionSets"] =
                sets.into_iter().map(|condition| json!({"conditions": [condition]})).collect();
        });
        let either = either.unwrap();
        assert!(either.means("c", "High") && either.means("a", "Low") && !either.means("c", "Low"));
    }

    #[test]
    fn what_could_never_hold_is_refused() {
        let cases: [fn(&mut Value); 9] = [
            |body| body["remediationTimeframe"] = "soon".into(),
            |body| body["rulePriority"] = 1001.into(),
            |body| body["ruleType"] = "ServiceNow".into(),
            |body| body["conditionSets"] = json!([]),
            |body| body["conditionSets"] = json!([{"conditions": []}]),
            |body| body["conditionSets"][0]["conditions"][0]["property"] = "$.Color".into(),
            |body| body["conditionSets"][0]["conditions"][0]["value"] = "no list".into(),
            |body| body["ownerSource"]["value"] = " ".into(),
            |body| body["excludedScopes"] = json!(["nowhere"]),
        ];
        for (number, change) in cases.into_iter().enumerate() {
            assert!(rule(change).unwrap().check().is_err(), "{number}");
        }
        assert!(rule(|body| body["ownerSource"]["type"] = "ByMail".into()).is_err());
    }
}
