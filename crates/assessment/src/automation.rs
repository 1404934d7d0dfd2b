//! Automations: which changes of assessments and sub-assessments somebody wants to be told of.
//!
//! The form is that of `Microsoft.Security/automations`: of several rule sets one must hold, and of a rule set all
//! rules. A rule names a property by its path, the type it is read as, an operator and a value.
//! A property that is not there, or that cannot be read as its type, passes no rule but *not equals*.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventSource {
    /// The assessment of a registry.
    Assessments,
    /// A finding in an image, or the verdict on an image.
    SubAssessments,
}

impl EventSource {
    /// The source as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assessments => "Assessments",
            Self::SubAssessments => "SubAssessments",
        }
    }
}

/// What one source is narrowed to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// What changed.
    pub event_source: EventSource,
    /// One of them must hold; everything passes where there are none.
    #[serde(default)]
    pub rule_sets: Option<Vec<RuleSet>>,
}

/// Rules that must hold together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleSet {
    /// The rules.
    #[serde(default)]
    pub rules: Option<Vec<Rule>>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// The path of the property: `properties.status.code`.
    #[serde(rename = "propertyJPath")]
    pub property_j_path: String,
    /// As what it is read.
    pub property_type: PropertyType,
    /// What it is compared with.
    pub expected_value: String,
    /// How.
    pub operator: Operator,
}

/// As what a property is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PropertyType {
    /// A text; case does not count.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
}

/// How a property is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// The same.
    Equals,
    /// Another.
    NotEquals,
    /// Above.
    GreaterThan,
    /// Above or the same.
    GreaterThanOrEqualTo,
    /// Below.
    LesserThan,
    /// Below or the same.
    LesserThanOrEqualTo,
    /// It holds the text; a list holds an element that does.
    Contains,
    /// It begins so.
    StartsWith,
    /// It ends so.
    EndsWith,
}

/// Why sources are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The expected value is not of its type.
    #[error("the expected value `{value}` of `{path}` is no {kind}")]
    Value {
        /// The path.
        path: String,
        /// The value.
        value: String,
        /// The type.
        kind: &'static str,
    },
    /// An operator for texts with another type, or the other way round.
    #[error(
        "the operator of `{0}` does not fit its type: texts have an order of no use here, and numbers no parts"
    )]
    Operator(String),
    /// A path is empty or too deep.
    #[error("`{0}` is no path of a property, such as `properties.status.code`")]
    Path(String),
}

/// Deeper paths name nothing.
const DEEPEST: usize = 16;

impl Source {
    /// # Errors
    /// When a rule could never do what it says.
    pub fn check(&self) -> Result<(), SourceError> {
        let sets = self.rule_sets.iter().flatten();
        sets.flat_map(|set| set.rules.iter().flatten()).try_for_each(Rule::check)
    }

    /// Whether somebody wants to be told of this document.
    pub fn wants(&self, document: &Value) -> bool {
        match self.rule_sets.as_deref() {
            None | Some([]) => true,
            Some(sets) => sets.iter().any(|set| set.rules.iter().flatten().all(|rule| rule.holds(document))),
        }
    }
}

impl Rule {
    fn check(&self) -> Result<(), SourceError> {
        let path = &self.property_j_path;
        let steps = self.steps().count();
        if steps == 0 || steps > DEEPEST || path.len() > 500 {
            return Err(SourceError::Path(path.chars().take(80).collect()));
        }
        let fits = match self.operator {
            Operator::Equals | Operator::NotEquals => true,
            Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
                self.property_type == PropertyType::String
            }
            Operator::GreaterThan
            | Operator::GreaterThanOrEqualTo
            | Operator::LesserThan
            | Operator::LesserThanOrEqualTo => {
                matches!(self.property_type, PropertyType::Integer | PropertyType::Number)
            }
        };
        if !fits {
            return Err(SourceError::Operator(path.clone()));
        }
        let wrong =
            |kind| SourceError::Value { path: path.clone(), value: self.expected_value.clone(), kind };
        match self.property_type {
            PropertyType::String => Ok(()),
            PropertyType::Integer if self.expected_value.parse::<i64>().is_err() => {
                Err(wrong("whole number"))
            }
            PropertyType::Number if self.expected_value.parse::<f64>().is_err() => Err(wrong("number")),
            PropertyType::Boolean if truth(&self.expected_value).is_none() => Err(wrong("true or false")),
            PropertyType::Integer | PropertyType::Number | PropertyType::Boolean => Ok(()),
        }
    }

    fn steps(&self) -> impl Iterator<Item = &str> {
        let path = self.property_j_path.trim_start_matches('$');
        path.split('.').map(str::trim).filter(|step| !step.is_empty())
    }

    fn holds(&self, document: &Value) -> bool {
        let found = self.steps().try_fold(document, member);
        let result = found.and_then(|value| self.compare(value));
        result.unwrap_or(self.operator == Operator::NotEquals)
    }

    /// `None` if the value cannot be read as its type.
    fn compare(&self, value: &Value) -> Option<bool> {
        match self.property_type {
            PropertyType::String => self.compare_text(value),
            PropertyType::Integer | PropertyType::Number => {
                let value = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
                let expected: f64 = self.expected_value.parse().ok()?;
                let order = value.partial_cmp(&expected)?;
                Some(match self.operator {
                    Operator::Equals => order.is_eq(),
                    Operator::NotEquals => order.is_ne(),
                    Operator::GreaterThan => order.is_gt(),
                    Operator::GreaterThanOrEqualTo => order.is_ge(),
                    Operator::LesserThan => order.is_lt(),
                    Operator::LesserThanOrEqualTo => order.is_le(),
                    Operator::Contains | Operator::StartsWith | Operator::EndsWith => return None,
                })
            }
            PropertyType::Boolean => {
                let value = value.as_bool().or_else(|| truth(value.as_str()?))?;
                let is_same = value == truth(&self.expected_value)?;
                match self.operator {
                    Operator::Equals => Some(is_same),
                    Operator::NotEquals => Some(!is_same),
                    Operator::GreaterThan
                    | Operator::GreaterThanOrEqualTo
                    | Operator::LesserThan
                    | Operator::LesserThanOrEqualTo
                    | Operator::Contains
                    | Operator::StartsWith
                    | Operator::EndsWith => None,
                }
            }
        }
    }

    fn compare_text(&self, value: &Value) -> Option<bool> {
        let expected = self.expected_value.to_lowercase();
        if let (Value::Array(elements), Operator::Contains) = (value, self.operator) {
            let holds = |element: &Value| text(element).is_some_and(|text| text.contains(&expected));
            return Some(elements.iter().any(holds));
        }
        let value = text(value)?;
        Some(match self.operator {
            Operator::Equals => value == expected,
            Operator::NotEquals => value != expected,
            Operator::Contains => value.contains(&expected),
            Operator::StartsWith => value.starts_with(&expected),
            Operator::EndsWith => value.ends_with(&expected),
            Operator::GreaterThan
            | Operator::GreaterThanOrEqualTo
            | Operator::LesserThan
            | Operator::LesserThanOrEqualTo => return None,
        })
    }
}

/// A member by its name; case does not count, since published automations spell paths in both ways.
fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(name).or_else(|| {
            members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        }),
        Value::Array(elements) => elements.get(name.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn source(rules: Value) -> Source {
        serde_json::from_value(json!({"eventSource": "SubAssessments", "ruleSets": rules})).unwrap()
    }

    fn rule(path: &str, kind: &str, operator: &str, expected: &str) -> Value {
        json!({"propertyJPath": path, "propertyType": kind, "operator": operator, "expectedValue": expected})
    }

    /// One line per rule: whether it holds for one finding.
    #[test]
    fn which_rules_hold() {
        let document = json!({
            "name": "n",
            "properties": {
                "status": {"code": "Unhealthy", "severity": "High"},
                "score": 7.5,
                "count": "12",
                "patchable": true,
                "cve": ["CVE-2021-1", "CVE-2021-2"],
            },
        });
        for (path, kind, operator, expected, holds) in [
            ("properties.status.code", "String", "Equals", "unhealthy", true),
            ("Properties.Status.Code", "String", "Equals", "Unhealthy", true),
            ("$.properties.status.code", "String", "NotEquals", "Healthy", true),
            ("properties.status.severity", "String", "Contains", "IG", true),
            ("properties.status.severity", "String", "StartsWith", "hi", true),
            ("properties.status.severity", "String", "EndsWith", "hi", false),
            ("properties.score", "Number", "GreaterThan", "7.5", false),
            ("properties.score", "Number", "GreaterThanOrEqualTo", "7.5", true),
            ("properties.score", "Number", "LesserThan", "9", true),
            ("properties.count", "Integer", "LesserThanOrEqualTo", "12", true),
            ("properties.count", "Integer", "Equals", "13", false),
            ("properties.patchable", "Boolean", "Equals", "True", true),
            ("properties.patchable", "Boolean", "NotEquals", "true", false),
            ("properties.cve", "String", "Contains", "2021-2", true),
            ("properties.cve.0", "String", "Equals", "CVE-2021-1", true),
            ("properties.absent", "String", "Equals", "", false),
            ("properties.absent", "String", "NotEquals", "x", true),
            ("properties.status", "String", "Contains", "x", false),
        ] {
            let source = source(json!([{"rules": [rule(path, kind, operator, expected)]}]));
            assert_eq!(source.check(), Ok(()), "{path} {operator}");
            assert_eq!(source.wants(&document), holds, "{path} {operator} {expected}");
        }
    }

    #[test]
    fn of_sets_one_must_hold_and_of_a_set_all() {
        let document = json!({"a": "1", "b": "2"});
        let (a, b, c) = (
            rule("a", "String", "Equals", "1"),
            rule("b", "String", "Equals", "2"),
            rule("b", "String", "Equals", "3"),
        );
        assert!(source(json!([{"rules": [a, b]}])).wants(&document));
        assert!(!source(json!([{"rules": [a, c]}])).wants(&document));
        assert!(source(json!([{"rules": [c]}, {"rules": [b]}])).wants(&document));
        assert!(source(json!([])).wants(&document));
        assert!(source(Value::Null).wants(&document));
    }

    #[test]
    fn rules_that_could_never_hold_are_refused() {
        for rule in [
            rule("", "String", "Equals", "x"),
            rule("a", "String", "GreaterThan", "x"),
            rule("a", "Number", "Contains", "1"),
            rule("a", "Integer", "Equals", "1.5"),
            rule("a", "Boolean", "Equals", "yes"),
        ] {
            assert!(source(json!([{"rules": [rule]}])).check().is_err(), "{rule}");
        }
    }
}
