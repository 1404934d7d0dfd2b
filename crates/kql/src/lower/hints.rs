//! Conditions that travel down to the table. They are hints: what travels is never more than what the filter says, and
//! the filter checks every row again.

use super::Path;
use crate::plan::Expr;
use crate::syntax::BinaryOperator as B;
use crate::table::Comparison;
use crate::text::Search;
use crate::value::Value;

/// A condition on a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hint {
    pub(super) column: usize,
    pub(super) path: Path,
    pub(super) comparison: Comparison,
    pub(super) values: Vec<Value>,
}

/// A path into a column, and whether the case of its letters was folded on the way.
struct Place {
    column: usize,
    path: Path,
    is_folded: bool,
}

impl Place {
    /// The place that an expression reads, also through functions that keep the text: a condition compares by text
    /// there, and so does the table.
    fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Column(column) => Some(Self { column: *column, path: Path::new(), is_folded: false }),
            Expr::Member(inner, name) => {
                let mut place = Self::of(inner)?;
                place.path.push(name.clone());
                // A member of folded text has a folded name, which is not that of the table.
                if place.is_folded { None } else { Some(place) }
            }
            Expr::Call(function, arguments) => match (function.name, arguments.as_slice()) {
                ("tostring" | "parse_json", [one]) => Self::of(one),
                ("tolower" | "toupper", [one]) => Some(Self { is_folded: true, ..Self::of(one)? }),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The comparison that holds of a text if another holds of the text in letters of one case.
fn unfolded(comparison: Comparison) -> Option<Comparison> {
    Some(match comparison {
        Comparison::Equal | Comparison::EqualIgnoringCase => Comparison::EqualIgnoringCase,
        Comparison::NotEqualIgnoringCase => Comparison::NotEqualIgnoringCase,
        Comparison::StartsWith | Comparison::StartsWithCase => Comparison::StartsWith,
        Comparison::EndsWith => Comparison::EndsWith,
        Comparison::Contains | Comparison::ContainsCase => Comparison::Contains,
        Comparison::Has => Comparison::Has,
        Comparison::NotEmpty => Comparison::NotEmpty,
        Comparison::NotEqual
        | Comparison::Less
        | Comparison::LessOrEqual
        | Comparison::Greater
        | Comparison::GreaterOrEqual => return None,
    })
}

/// Hints on columns as hints on what the columns are made of.
pub(super) fn through(hints: &[Hint], values: &[Expr]) -> Vec<Hint> {
    hints
        .iter()
        .filter_map(|hint| {
            let place = Place::of(values.get(hint.column)?)?;
            if place.is_folded && !hint.path.is_empty() {
                return None;
            }
            let comparison = if place.is_folded { unfolded(hint.comparison)? } else { hint.comparison };
            let mut path = place.path;
            path.extend(hint.path.iter().cloned());
            Some(Hint { column: place.column, path, comparison, values: hint.values.clone() })
        })
        .collect()
}

/// What a condition says of single columns, in addition to what is known already.
pub(super) fn find_hints(condition: &Expr, hints: &mut Vec<Hint>) {
    match condition {
        Expr::And(left, right) => {
            find_hints(left, hints);
            find_hints(right, hints);
        }
        Expr::Or(left, right) => hints.extend(either(left, right)),
        Expr::Binary(operator, left, right) => match (&**left, &**right) {
            (left, Expr::Literal(value)) if !value.is_null() => {
                if let Some(comparison) = comparison(*operator) {
                    // An order of texts is not an order of what they say.
                    let textual = matches!(left, Expr::Call(..)) && value.as_str().is_none();
                    if !textual {
                        push(hints, left, comparison, vec![value.clone()]);
                    }
                }
            }
            (Expr::Literal(value), right) if *operator == B::Equal && !value.is_null() => {
                push(hints, right, Comparison::Equal, vec![value.clone()]);
            }
            _ => {}
        },
        Expr::In { needle, values, ignore_case, negated } => {
            let literals: Option<Vec<Value>> = values
                .iter()
                .map(|value| match value {
                    Expr::Literal(value) if value.as_str().is_some() || matches!(value, Value::Long(_)) => {
                        Some(value.clone())
                    }
                    _ => None,
                })
                .collect();
            if let Some(literals) = literals {
                let comparison = match (ignore_case, negated) {
                    (false, false) => Comparison::Equal,
                    (true, false) => Comparison::EqualIgnoringCase,
                    (false, true) => Comparison::NotEqual,
                    (true, true) => Comparison::NotEqualIgnoringCase,
                };
                push(hints, needle, comparison, literals);
            }
        }
        Expr::Call(function, arguments) if matches!(function.name, "isnotempty" | "isnotnull") => {
            // Not null is less than not empty, and a table knows one of them only.
            if let (Some(argument), "isnotempty") = (arguments.first(), function.name) {
                push(hints, argument, Comparison::NotEmpty, Vec::new());
            }
        }
        _ => {}
    }
}

fn push(hints: &mut Vec<Hint>, expr: &Expr, comparison: Comparison, values: Vec<Value>) {
    let Some(place) = Place::of(expr) else { return };
    let comparison = if place.is_folded { unfolded(comparison) } else { Some(comparison) };
    if let Some(comparison) = comparison {
        hints.push(Hint { column: place.column, path: place.path, comparison, values });
    }
}

/// Where both sides of an `or` say what a column equals, it equals a value of either.
fn either(left: &Expr, right: &Expr) -> Vec<Hint> {
    let (mut these, mut those) = (Vec::new(), Vec::new());
    find_hints(left, &mut these);
    find_hints(right, &mut those);
    let equals = |hint: &Hint| {
        matches!(hint.comparison, Comparison::Equal | Comparison::EqualIgnoringCase)
            && !hint.values.is_empty()
    };
    let mut found = Vec::new();
    for this in these.iter().filter(|hint| equals(hint)) {
        let same = |that: &&Hint| equals(that) && that.column == this.column && that.path == this.path;
        if let Some(that) = those.iter().find(same) {
            let ignoring = [this.comparison, that.comparison].contains(&Comparison::EqualIgnoringCase);
            found.push(Hint {
                comparison: if ignoring { Comparison::EqualIgnoringCase } else { Comparison::Equal },
                values: this.values.iter().chain(&that.values).cloned().collect(),
                ..this.clone()
            });
        }
    }
    found
}

fn comparison(operator: B) -> Option<Comparison> {
    Some(match operator {
        B::Equal => Comparison::Equal,
        B::NotEqual => Comparison::NotEqual,
        B::EqualIgnoringCase => Comparison::EqualIgnoringCase,
        B::NotEqualIgnoringCase => Comparison::NotEqualIgnoringCase,
        B::Less => Comparison::Less,
        B::LessOrEqual => Comparison::LessOrEqual,
        B::Greater => Comparison::Greater,
        B::GreaterOrEqual => Comparison::GreaterOrEqual,
        B::Text(text) if !text.negated => match (text.search, text.case_sensitive) {
            (Search::StartsWith, false) => Comparison::StartsWith,
            (Search::StartsWith, true) => Comparison::StartsWithCase,
            (Search::EndsWith, false) => Comparison::EndsWith,
            (Search::Contains, false) => Comparison::Contains,
            (Search::Contains, true) => Comparison::ContainsCase,
            (Search::Has, false) => Comparison::Has,
            _ => return None,
        },
        B::Text(_) | B::MatchesRegex | B::And | B::Or => return None,
        B::Add | B::Subtract | B::Multiply | B::Divide | B::Modulo => return None,
    })
}
