//! Texts of which only the stem is known, and conditions outside of a query.
//!
//! Many rows share an identifier up to its last slash, and many queries look no further. Rows that differ behind it
//! only can then be taken as one, if it is certain that what lies behind does not matter. A test here says so for each
//! text: it answers where the stem alone decides, and else asks for the rows one by one.

use crate::context::Context;
use crate::evaluate::{compare, equal};
use crate::functions::to_text;
use crate::table::{Comparison, Condition};
use crate::text::{Search, TextOperator, equal_ignoring_case};
use crate::value::Value;
use regex::Regex;
use std::sync::Arc;

/// Up to the last slash, and with it.
pub(crate) fn stem(text: &str) -> &str {
    text.rfind('/').and_then(|at| text.get(..=at)).unwrap_or("")
}

/// A test that a stem may decide.
#[derive(Debug, Clone)]
pub(crate) enum StemTest {
    /// `matches regex`
    Matches(Regex),
    /// `contains` and `startswith`, also negated and with regard to case.
    Finds(TextOperator, Arc<str>),
}

impl StemTest {
    /// Whether it can say anything of a stem.
    pub(crate) fn of_operator(operator: TextOperator, wanted: &str) -> Option<Self> {
        matches!(operator.search, Search::Contains | Search::StartsWith)
            .then(|| Self::Finds(operator, Arc::from(wanted)))
    }

    /// The answer, if the stem of the text decides.
    pub(crate) fn holds(&self, text: &str, context: &Context<'_>) -> Value {
        let stem = stem(text);
        match self {
            // What is found before the last letter of the stem looks at nothing behind it: neither its letters nor
            // an anchor at its end.
            Self::Matches(regex) => match regex.find(text) {
                Some(found) if found.end() < stem.len() => Value::Bool(true),
                _ => context.unfold(),
            },
            Self::Finds(operator, wanted) => {
                let found = TextOperator { negated: false, ..*operator }.holds(stem, wanted);
                let is_decided =
                    found || (operator.search == Search::StartsWith && wanted.len() <= stem.len());
                if is_decided { Value::Bool(found != operator.negated) } else { context.unfold() }
            }
        }
    }
}

/// Whether a value fulfils a condition.
pub(crate) fn fulfils(condition: &Condition, value: &Value) -> bool {
    let any = |test: &dyn Fn(&Value) -> bool| condition.values.iter().any(test);
    let ignoring_case = |wanted: &Value| equal_ignoring_case(&plain(value), &plain(wanted));
    let order = |wanted: &Value| compare(value, wanted);
    let text = |search, case_sensitive| {
        let operator = TextOperator { search, case_sensitive, negated: false };
        any(&|wanted| operator.holds(&plain(value), &plain(wanted)))
    };
    match condition.comparison {
        Comparison::Equal => any(&|wanted| equal(value, wanted) == Some(true)),
        Comparison::NotEqual => !any(&|wanted| equal(value, wanted) == Some(true)),
        Comparison::EqualIgnoringCase => any(&ignoring_case),
        Comparison::NotEqualIgnoringCase => !any(&ignoring_case),
        Comparison::Less => any(&|wanted| order(wanted).is_some_and(std::cmp::Ordering::is_lt)),
        Comparison::LessOrEqual => any(&|wanted| order(wanted).is_some_and(std::cmp::Ordering::is_le)),
        Comparison::Greater => any(&|wanted| order(wanted).is_some_and(std::cmp::Ordering::is_gt)),
        Comparison::GreaterOrEqual => any(&|wanted| order(wanted).is_some_and(std::cmp::Ordering::is_ge)),
        Comparison::StartsWith => text(Search::StartsWith, false),
        Comparison::StartsWithCase => text(Search::StartsWith, true),
        Comparison::EndsWith => text(Search::EndsWith, false),
        Comparison::Contains => text(Search::Contains, false),
        Comparison::ContainsCase => text(Search::Contains, true),
        Comparison::Has => text(Search::Has, false),
        Comparison::NotEmpty => !plain(value).is_empty(),
    }
}

/// A value as a text operator reads it.
fn plain(value: &Value) -> String {
    const NOWHERE: &dyn Fn() -> bool = &|| false;
    match value {
        Value::String(text) => text.to_string(),
        other => {
            let limits = crate::Limits::default();
            let environment = crate::Environment { now_unix_nanoseconds: 0, seed: 0, interrupt: NOWHERE };
            to_text(other, &Context::new(&limits, &environment)).into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Environment, Limits, Need};

    fn holds(test: &StemTest, text: &str) -> Option<bool> {
        let limits = Limits::default();
        let environment = Environment { now_unix_nanoseconds: 0, seed: 0, interrupt: &|| false };
        let context = Context::new(&limits, &environment);
        let value = test.holds(text, &context);
        if context.take_unfold() { None } else { Some(value == Value::Bool(true)) }
    }

    #[test]
    fn a_stem_decides_only_where_the_rest_cannot_matter() {
        let regex = |pattern: &str| StemTest::Matches(Regex::new(pattern).unwrap());
        for (pattern, answer) in [
            ("(.+?)/assessments/", Some(true)),
            ("assessments", Some(true)),
            // To the last letter of the stem, behind which an anchor could look.
            ("subs/$", None),
            ("subs/", None),
            ("name$", None),
            ("^/a.*", None),
            ("nowhere", None),
        ] {
            assert_eq!(holds(&regex(pattern), "/a/assessments/k/subs/name"), answer, "{pattern}");
        }
        let finds = |word: &str, negated, wanted: &str| {
            StemTest::of_operator(TextOperator::from_word(word, negated).unwrap(), wanted).unwrap()
        };
        for (word, negated, wanted, answer) in [
            ("contains", false, "ASSESS", Some(true)),
            ("contains", true, "ASSESS", Some(false)),
            ("contains_cs", false, "ASSESS", None),
            ("contains", false, "name", None),
            ("startswith", false, "/A/", Some(true)),
            ("startswith", false, "/b", Some(false)),
            ("startswith", true, "/b", Some(true)),
            ("startswith", false, "/a/assessments/k/subs/name", None),
        ] {
            assert_eq!(
                holds(&finds(word, negated, wanted), "/a/assessments/k/subs/name"),
                answer,
                "{wanted}"
            );
        }
        assert!(StemTest::of_operator(TextOperator::from_word("endswith", false).unwrap(), "x").is_none());
        assert_eq!(holds(&regex("x"), "x"), None, "what has no slash has no stem");
    }

    #[test]
    fn a_condition_holds_as_a_filter_would_say() {
        let holds = |comparison, values: &[&str], value: Value| {
            let need = Need { column: Arc::from("x"), path: Arc::from([]) };
            let values = values.iter().map(Value::text).collect();
            Condition { need, comparison, values }.holds(&value)
        };
        let high = || Value::text("High");
        assert!(holds(Comparison::Equal, &["Low", "High"], high()));
        assert!(!holds(Comparison::Equal, &["high"], high()));
        assert!(holds(Comparison::EqualIgnoringCase, &["high"], high()));
        assert!(
            holds(Comparison::NotEqual, &["Low"], high()) && !holds(Comparison::NotEqual, &["High"], high())
        );
        assert!(!holds(Comparison::NotEqualIgnoringCase, &["HIGH"], high()));
        assert!(
            holds(Comparison::Contains, &["ig"], high()) && holds(Comparison::Equal, &["7"], Value::Long(7))
        );
        assert!(holds(Comparison::NotEmpty, &[], high()) && !holds(Comparison::NotEmpty, &[], Value::Null));
    }
}
