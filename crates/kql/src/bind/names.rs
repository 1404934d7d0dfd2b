//! The names that columns get when the query gives none.
//!
//! A path is its members joined by underscores, an aggregate is its own word and its argument, a conversion keeps the
//! name of what it converts, and everything else is `Column1`, `Column2`, … A name that is taken gets a number.

use crate::plan::Field;
use crate::syntax::{Assignment, Expression, ExpressionKind};
use crate::value::Value;

/// Functions whose result is called as their first argument.
const KEEP_NAME: &[&str] = &[
    "tostring",
    "tolong",
    "toint",
    "todouble",
    "toreal",
    "todecimal",
    "tobool",
    "toboolean",
    "todatetime",
    "totimespan",
    "toguid",
    "parse_json",
    "todynamic",
    "toobject",
    "bin",
    "floor",
    "bin_at",
    "round",
    "tolower",
    "toupper",
    "split",
    "startofday",
    "startofweek",
    "startofmonth",
    "startofyear",
    "endofday",
    "endofweek",
    "endofmonth",
    "endofyear",
    "array_length",
    "materialize",
];

/// The name of an expression, if it has one by itself.
pub(super) fn own_name(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name.to_string()),
        ExpressionKind::Member(inner, name) => {
            let inner = own_name(inner)?;
            let cleaned: String =
                name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect();
            Some(format!("{inner}_{cleaned}"))
        }
        ExpressionKind::Index(inner, index) => {
            let inner = own_name(inner)?;
            match &index.kind {
                ExpressionKind::Literal(Value::Long(number), _) if *number >= 0 => {
                    Some(format!("{inner}_{number}"))
                }
                _ => Some(inner),
            }
        }
        ExpressionKind::Call { name, arguments } if KEEP_NAME.contains(&&*name.text) => {
            arguments.first().and_then(|argument| own_name(&argument.value))
        }
        _ => None,
    }
}

/// The name that is written, or the expression's own one.
pub(super) fn given_or_own(assignment: &Assignment) -> Option<String> {
    match assignment.names.first() {
        Some(name) => Some(name.text.to_string()),
        None => own_name(&assignment.value),
    }
}

/// A name that none of the columns has.
pub(super) fn unique(wanted: &str, fields: &[Field]) -> String {
    let taken = |name: &str| fields.iter().any(|field| &*field.name == name);
    if !taken(wanted) {
        return wanted.to_owned();
    }
    (1..=fields.len() + 1).map(|n| format!("{wanted}{n}")).find(|name| !taken(name)).unwrap_or_default()
}

/// `Column1`, or the next one that is free.
pub(super) fn unnamed(fields: &[Field]) -> String {
    let taken = |name: &str| fields.iter().any(|field| &*field.name == name);
    (1..=fields.len() + 1).map(|n| format!("Column{n}")).find(|name| !taken(name)).unwrap_or_default()
}
