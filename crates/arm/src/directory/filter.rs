//! `$filter` of Graph, as far as Azure's command line writes it: comparisons joined by `and`.
//!
//! ```text
//! displayName eq 'x'   startswith(displayName,'x')   servicePrincipalNames/any(c:c eq 'x')
//! ```
//!
//! A filter that is not understood is an error: passed over, it would show what was not asked for, and a script would
//! give a role to the first one of the list.

use crate::error::ArmError;
use serde_json::Value;

/// More comparisons than anybody writes.
const MAXIMUM_TERMS: usize = 16;

#[derive(Debug, PartialEq, Eq)]
enum Term {
    Equals { field: String, value: String },
    StartsWith { field: String, value: String },
    Any { field: String, value: String },
}

/// What an object must be like.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filter(Vec<Term>);

impl Filter {
    /// # Errors
    /// When the filter is not understood.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, ArmError> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(Self::default());
        };
        let mut terms = Vec::new();
        let mut rest = text;
        loop {
            let (term, after) = term(rest).filter(|_| terms.len() < MAXIMUM_TERMS).ok_or_else(|| {
                ArmError::Invalid(format!(
                    "The $filter '{}' is not understood; write comparisons such as displayName eq 'NAME', \
                     startswith(displayName,'NAME') or appId eq 'ID', joined by and.",
                    text.chars().take(200).collect::<String>()
                ))
            })?;
            terms.push(term);
            match after.trim_start() {
                "" => return Ok(Self(terms)),
                more => rest = more.strip_prefix("and ").unwrap_or("?"),
            }
        }
    }

    /// Whether an object, as it is shown, is like that. Text is compared without regard to case, as Graph does.
    pub(super) fn passes(&self, view: &Value) -> bool {
        self.0.iter().all(|term| match term {
            Term::Equals { field, value } => equals(&view[field.as_str()], value),
            Term::StartsWith { field, value } => view[field.as_str()].as_str().is_some_and(|text| {
                text.get(..value.len()).is_some_and(|start| start.eq_ignore_ascii_case(value))
            }),
            Term::Any { field, value } => {
                view[field.as_str()].as_array().is_some_and(|all| all.iter().any(|one| equals(one, value)))
            }
        })
    }
}

fn equals(here: &Value, wanted: &str) -> bool {
    match here {
        Value::String(text) => text.eq_ignore_ascii_case(wanted),
        Value::Bool(is) => wanted.eq_ignore_ascii_case(if *is { "true" } else { "false" }),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// The first comparison of a text, and what follows it.
fn term(text: &str) -> Option<(Term, &str)> {
    let text = text.trim_start();
    let length = text.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (word, rest) = text.split_at_checked(length).filter(|(word, _)| !word.is_empty())?;
    if word.eq_ignore_ascii_case("startswith") {
        let inside = rest.trim_start().strip_prefix('(')?;
        let (field, inside) = inside.split_once(',')?;
        let (value, after) = quoted(inside)?;
        let after = after.trim_start().strip_prefix(')')?;
        return Some((Term::StartsWith { field: field.trim().to_owned(), value }, after));
    }
    let field = word.to_owned();
    if let Some(inside) = rest.strip_prefix("/any(") {
        let (variable, inside) = inside.split_once(':')?;
        let compared = inside.trim_start().strip_prefix(variable.trim())?.trim_start();
        let (value, after) = quoted(compared.strip_prefix("eq ")?)?;
        return Some((Term::Any { field, value }, after.trim_start().strip_prefix(')')?));
    }
    let compared = rest.trim_start().strip_prefix("eq ")?.trim_start();
    for word in ["true", "false"] {
        if let Some(after) = compared.strip_prefix(word) {
            return Some((Term::Equals { field, value: word.to_owned() }, after));
        }
    }
    let (value, after) = quoted(compared)?;
    Some((Term::Equals { field, value }, after))
}

/// A text in quotes, in which two quotes stand for one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.trim_start().strip_prefix('\'')?;
    let mut value = String::new();
    loop {
        let (before, after) = rest.split_once('\'')?;
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn passes(filter: &str) -> Option<bool> {
        let view = json!({
            "displayName": "It's me", "appId": "A-1", "accountEnabled": true,
            "servicePrincipalNames": ["a-1", "api://one"], "mail": null,
        });
        Filter::parse(Some(filter)).ok().map(|filter| filter.passes(&view))
    }

    #[test]
    fn comparisons_are_understood() {
        for (filter, expected) in [
            ("", true),
            ("displayName eq 'it''s me'", true),
            ("displayName eq 'other'", false),
            ("startswith(displayName,'It')", true),
            ("startswith(displayName, 'me')", false),
            ("servicePrincipalNames/any(c:c eq 'API://one')", true),
            ("servicePrincipalNames/any(c:c eq 'two')", false),
            ("appId eq 'a-1' and accountEnabled eq true", true),
            ("appId eq 'a-1' and displayName eq 'x'", false),
            ("mail eq ''", false),
            ("nothing eq 'x'", false),
        ] {
            assert_eq!(passes(filter), Some(expected), "{filter}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let long = "appId eq 'x' and ".repeat(20) + "appId eq 'x'";
        for filter in [
            "displayName",
            "displayName ne 'x'",
            "displayName eq 'x' or appId eq 'y'",
            "displayName eq 'x",
            "displayName eq x",
            "startswith(displayName)",
            "a/any(c:d eq 'x')",
            "'x' eq displayName",
            "appId eq 'x' and",
            &long,
        ] {
            assert_eq!(passes(filter), None, "{filter}");
        }
    }
}
