//! What a query compares, as far as it narrows what is read.
//!
//! What is not understood here narrows nothing; the engine checks every row again. What is pushed into the store is
//! never less than what the query asks for.

use crate::documents::KnownRegistry;
use kql::{Comparison, Condition, ScanRequest, Value};
use oci::{Digest, RepositoryName};

/// The conditions of a request.
#[derive(Clone, Copy)]
pub(crate) struct Narrowed<'a>(pub(crate) &'a ScanRequest);

impl<'a> Narrowed<'a> {
    /// Whether rows of this type can be of use.
    pub(crate) fn wants_type(self, kind: &str) -> bool {
        let kind = Value::text(kind.to_ascii_lowercase());
        self.on(&["type"]).all(|condition| condition.holds(&kind))
    }

    /// The conditions on what a path leads to. The first name is that of the column.
    pub(crate) fn on(self, path: &[&str]) -> impl Iterator<Item = &'a Condition> {
        let wanted: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        self.0.conditions.iter().filter(move |condition| {
            let need = &condition.need;
            let names = std::iter::once(&need.column).chain(need.path.iter());
            names.map(|name| &**name).eq(wanted.iter().map(String::as_str))
        })
    }

    /// Whether a row in which a path leads to this text can be of use.
    pub(crate) fn allows(self, path: &[&str], text: &str) -> bool {
        let mut conditions = self.on(path).peekable();
        if conditions.peek().is_none() {
            return true;
        }
        let value = Value::text(text);
        conditions.all(|condition| condition.holds(&value))
    }

    /// The texts of which one has to stand at a path, in the spelling of the query; nothing if any may. Whether case
    /// counts comes along.
    pub(crate) fn equal_to(self, path: &[&str]) -> Option<(Vec<&'a str>, bool)> {
        self.on(path).find_map(|condition| {
            let counts = condition.comparison == Comparison::Equal;
            if !counts && condition.comparison != Comparison::EqualIgnoringCase {
                return None;
            }
            let texts: Option<Vec<&str>> = condition.values.iter().map(Value::as_str).collect();
            texts.map(|texts| (texts, counts))
        })
    }

    /// The one text that has to stand at a path, where case counts.
    pub(crate) fn exactly(self, path: &[&str]) -> Option<&'a str> {
        match self.equal_to(path)? {
            (texts, true) => match texts.as_slice() {
                [one] => Some(one),
                _ => None,
            },
            _ => None,
        }
    }

    /// The one digest that has to stand at a path.
    pub(crate) fn digest(self, path: &[&str]) -> Only<Digest> {
        self.only(path, |text| text.parse().ok())
    }

    /// The one repository that has to stand at a path.
    pub(crate) fn repository(self, path: &[&str]) -> Only<RepositoryName> {
        self.only(path, |text| text.parse().ok())
    }

    /// What has one spelling, in small letters.
    fn only<T>(self, path: &[&str], parse: impl Fn(&str) -> Option<T>) -> Only<T> {
        let Some((texts, counts)) = self.equal_to(path) else { return Only::Any };
        match texts.as_slice() {
            [one] => {
                let spelled = if counts { (*one).to_owned() } else { one.to_ascii_lowercase() };
                // What is no name of anything is equal to none.
                parse(&spelled).map_or(Only::Nothing, Only::One)
            }
            _ => Only::Any,
        }
    }

    /// Whether rows of where a registry is can be of use.
    pub(crate) fn allows_place_of(self, known: &KnownRegistry) -> bool {
        self.allows(&["subscriptionId"], &known.registry.subscription.to_string())
            && self.allows(&["resourceGroup"], &known.registry.resource_group)
    }

    /// Whether rows below a registry can be of use, whose ids begin with the registry's.
    pub(crate) fn allows_registry(self, known: &KnownRegistry, stem: &str) -> bool {
        self.allows_place_of(known) && self.on(&["id"]).all(|condition| may_begin(condition, stem))
    }
}

/// Whether there is one thing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Only<T> {
    /// Anything may do.
    Any,
    /// This one alone.
    One(T),
    /// Nothing does.
    Nothing,
}

impl<T> Only<T> {
    /// Whether nothing does.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// The one thing.
    pub(crate) fn one(self) -> Option<T> {
        match self {
            Self::One(one) => Some(one),
            Self::Any | Self::Nothing => None,
        }
    }
}

/// Whether a text that begins with a stem and goes on with a guid can fulfil a condition.
fn may_begin(condition: &Condition, stem: &str) -> bool {
    may_hold_of(condition, stem, |stem, wanted| {
        // What no guid has stands in the stem, and so does all that is before it.
        let in_guid = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
        let end = wanted.rfind(|letter| !in_guid(letter));
        end.and_then(|end| wanted.get(..end)).is_none_or(|head| stem.contains(head))
    })
}

/// Whether a text that begins with a stem and goes on with something can fulfil a condition. `may_contain` tells, of the
/// stem and what is looked for, both in small letters, whether such a text can have it in it.
pub(crate) fn may_hold_of(
    condition: &Condition,
    stem: &str,
    may_contain: impl Fn(&str, &str) -> bool,
) -> bool {
    let stem = stem.to_ascii_lowercase();
    condition.values.is_empty()
        || condition.values.iter().any(|value| {
            let Some(wanted) = value.as_str().map(str::to_ascii_lowercase) else { return true };
            match condition.comparison {
                Comparison::Equal | Comparison::EqualIgnoringCase => wanted.starts_with(&stem),
                Comparison::StartsWith | Comparison::StartsWithCase => {
                    wanted.starts_with(&stem) || stem.starts_with(&wanted)
                }
                Comparison::Contains | Comparison::ContainsCase => may_contain(&stem, &wanted),
                Comparison::NotEqual
                | Comparison::NotEqualIgnoringCase
                | Comparison::Less
                | Comparison::LessOrEqual
                | Comparison::Greater
                | Comparison::GreaterOrEqual
                | Comparison::EndsWith
                | Comparison::Has
                | Comparison::NotEmpty => true,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kql::Need;
    use std::sync::Arc;

    fn request(conditions: &[(&[&str], Comparison, &[&str])]) -> ScanRequest {
        let condition = |(path, comparison, values): &(&[&str], Comparison, &[&str])| Condition {
            need: Need {
                column: Arc::from(path[0]),
                path: path[1..].iter().map(|name| Arc::from(*name)).collect(),
            },
            comparison: *comparison,
            values: values.iter().copied().map(Value::text).collect(),
        };
        ScanRequest {
            table: Arc::from("x"),
            needs: Vec::new(),
            conditions: conditions.iter().map(condition).collect(),
            limit: None,
            fold: None,
        }
    }

    #[test]
    fn types_are_wanted_as_a_filter_would_want_them() {
        use Comparison::{Contains, Equal, EqualIgnoringCase, NotEqual, StartsWith};
        let wants = |comparison, values: &[&str]| {
            Narrowed(&request(&[(&["type"], comparison, values)])).wants_type("Microsoft.X/y")
        };
        assert!(wants(Equal, &["a", "microsoft.x/y"]) && wants(EqualIgnoringCase, &["MICROSOFT.X/y"]));
        assert!(!wants(Equal, &["Microsoft.X/y"]), "the column is in small letters");
        assert!(!wants(NotEqual, &["microsoft.x/y"]) && wants(Contains, &["x/Y"]));
        assert!(!wants(StartsWith, &["microsoft.z"]));
    }

    #[test]
    fn digests_and_names_have_one_spelling() {
        use Comparison::{Equal, EqualIgnoringCase};
        let path: &[&str] = &["properties", "additionalData", "repositoryName"];
        let only =
            |comparison, values: &[&str]| Narrowed(&request(&[(path, comparison, values)])).repository(path);
        assert_eq!(only(Equal, &["team/app"]), Only::One("team/app".parse().unwrap()));
        assert_eq!(only(EqualIgnoringCase, &["Team/App"]), Only::One("team/app".parse().unwrap()));
        assert!(only(Equal, &["Team/App"]).is_nothing());
        assert_eq!(only(Equal, &["a", "b"]), Only::Any);
    }

    #[test]
    fn a_registry_is_left_out_only_if_no_row_of_it_fits() {
        use Comparison::{Contains, EndsWith, Equal, StartsWith};
        const STEM: &str = "/subscriptions/s/registries/Port/assessments/k/subassessments/";
        let may = |comparison, wanted: &str| {
            let request = request(&[(&["id"], comparison, &[wanted])]);
            Narrowed(&request).on(&["id"]).all(|condition| may_begin(condition, STEM))
        };
        for (comparison, wanted, answer) in [
            (StartsWith, "/subscriptions", true),
            (StartsWith, "/SUBSCRIPTIONS/s/registries/port/assessments/k/subassessments/ab", true),
            (StartsWith, "/subscriptions/t", false),
            (Contains, "/registries/port/", true),
            (Contains, "/registries/other/", false),
            (Contains, "abc-def", true),
            (Contains, "subassessments/abc", true),
            (Contains, "assessments/other/subassessments/abc", false),
            (Equal, "/subscriptions/s/registries/Port/assessments/k/subassessments/abc", true),
            (Equal, "abc", false),
            (EndsWith, "abc", true),
        ] {
            assert_eq!(may(comparison, wanted), answer, "{comparison:?} {wanted}");
        }
    }
}
