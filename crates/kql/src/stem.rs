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
use regex_automata::Input;
use regex_automata::dfa::{Automaton, StartKind, dense};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The letters of what stands behind the last slash, and how many there are: it is a guid.
const NAME_LETTERS: &[u8] = b"0123456789abcdef-";
const NAME_LENGTH: usize = 36;

/// Bytes of an automaton that is built to answer for all names at once.
const AUTOMATON_BYTES: usize = 1 << 20;

/// Up to the last slash, and with it.
pub(crate) fn stem(text: &str) -> &str {
    text.rfind('/').and_then(|at| text.get(..=at)).unwrap_or("")
}

/// Whether what stands behind the stem of a text is a name: only then is it known what may stand there in its place.
pub(crate) fn has_name(text: &str) -> bool {
    let name = text.get(stem(text).len()..).unwrap_or("");
    name.len() == NAME_LENGTH && name.bytes().all(|letter| NAME_LETTERS.contains(&letter))
}

/// Whether a regular expression matches no text that is the stem and a name, whatever the name. What cannot be said for
/// certain is a no.
pub(crate) fn never_matches(pattern: &str, stem: &str) -> bool {
    let configuration = dense::Config::new()
        .start_kind(StartKind::Unanchored)
        .dfa_size_limit(Some(AUTOMATON_BYTES))
        .determinize_size_limit(Some(AUTOMATON_BYTES));
    let Ok(automaton) = dense::Builder::new().configure(configuration).build(pattern) else { return false };
    let Ok(mut state) = automaton.start_state_forward(&Input::new(stem)) else { return false };
    for byte in stem.bytes() {
        state = automaton.next_state(state, byte);
        if automaton.is_match_state(state) || automaton.is_quit_state(state) {
            return false;
        }
    }
    // All states that any name can lead to, letter by letter.
    let mut states = BTreeSet::from([state]);
    for _ in 0..NAME_LENGTH {
        let mut next = BTreeSet::new();
        for state in &states {
            next.extend(NAME_LETTERS.iter().map(|letter| automaton.next_state(*state, *letter)));
        }
        next.retain(|state| !automaton.is_dead_state(*state));
        if next.iter().any(|state| automaton.is_match_state(*state) || automaton.is_quit_state(*state)) {
            return false;
        }
        states = next;
    }
    states.iter().all(|state| !automaton.is_match_state(automaton.next_eoi_state(*state)))
}

/// Whether a text stands in none that is the stem and a name: what no name has stands in the stem, with all before it.
fn never_contains(wanted: &str, stem: &str, case_sensitive: bool) -> bool {
    let (wanted, stem) = if case_sensitive {
        (wanted.to_owned(), stem.to_owned())
    } else {
        (wanted.to_lowercase(), stem.to_lowercase())
    };
    let in_name = |letter: char| u8::try_from(letter).is_ok_and(|letter| NAME_LETTERS.contains(&letter));
    let Some((at, letter)) = wanted.char_indices().rfind(|(_, letter)| !in_name(*letter)) else {
        return false;
    };
    let head = wanted.get(..at + letter.len_utf8()).unwrap_or("");
    !stem.contains(head)
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
                _ if has_name(text) && context.never_matches(regex.as_str(), stem) => Value::Bool(false),
                _ => context.unfold(),
            },
            Self::Finds(operator, wanted) => {
                let found = TextOperator { negated: false, ..*operator }.holds(stem, wanted);
                let is_decided = found
                    || match operator.search {
                        Search::StartsWith => wanted.len() <= stem.len(),
                        _ => has_name(text) && never_contains(wanted, stem, operator.case_sensitive),
                    };
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
            ("subs/$", Some(false)),
            ("subs/", None),
            ("beef$", None),
            ("^/a.*", None),
            // No name can have it.
            ("nowhere", Some(false)),
            ("^/b", Some(false)),
            ("subs/[0-9]{37}", Some(false)),
            ("subs/[0-9]{36}", None),
            ("/assessments/other/", Some(false)),
            ("[a-f]$", None),
            ("name$", Some(false)),
        ] {
            assert_eq!(
                holds(&regex(pattern), "/a/assessments/k/subs/00000000-beef-0000-0000-00000000beef"),
                answer,
                "{pattern}"
            );
        }
        let finds = |word: &str, negated, wanted: &str| {
            StemTest::of_operator(TextOperator::from_word(word, negated).unwrap(), wanted).unwrap()
        };
        for (word, negated, wanted, answer) in [
            ("contains", false, "ASSESS", Some(true)),
            ("contains", true, "ASSESS", Some(false)),
            ("contains_cs", false, "ASSESS", Some(false)),
            ("contains", false, "abc", None),
            ("contains", false, "subs/abc", None),
            ("contains", false, "other/abc", Some(false)),
            ("contains", true, "other/abc", Some(true)),
            ("contains", false, "name", Some(false)),
            ("startswith", false, "/A/", Some(true)),
            ("startswith", false, "/b", Some(false)),
            ("startswith", true, "/b", Some(true)),
            ("startswith", false, "/a/assessments/k/subs/00000000-beef-0000-0000-00000000beef", None),
        ] {
            assert_eq!(
                holds(
                    &finds(word, negated, wanted),
                    "/a/assessments/k/subs/00000000-beef-0000-0000-00000000beef"
                ),
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
