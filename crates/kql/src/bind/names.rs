//! The names that columns get when the query gives none.
//!
//! A path is its members joined by underscores, an aggregate is its own word and its argument, a conversion keeps the
//! name of what it converts, and everything else is `Column1`, `Column2`, … A name that is taken gets a number.
//! Which function keeps a name is what the official language says, and a test holds this list against it.

use crate::aggregates::aggregate_named;
use crate::plan::Field;
use crate::syntax::{Assignment, Expression, ExpressionKind};
use crate::value::{Kind, Value};

/// Functions whose result is called as their first argument.
const KEEP_NAME: &[&str] = &[
    "abs",
    "acos",
    "asin",
    "atan",
    "atan2",
    "bin",
    "bin_at",
    "binary_and",
    "binary_not",
    "binary_or",
    "binary_shift_left",
    "binary_shift_right",
    "binary_xor",
    "bitset_count_ones",
    "ceiling",
    "cos",
    "exp",
    "exp10",
    "exp2",
    "floor",
    "format_bytes",
    "format_datetime",
    "format_timespan",
    "gamma",
    "log",
    "log10",
    "log2",
    "loggamma",
    "parse_csv",
    "parse_json",
    "parse_xml",
    "parsejson",
    "pow",
    "rand",
    "round",
    "series_fill_backward",
    "series_fill_const",
    "series_fill_forward",
    "sin",
    "split",
    "sqrt",
    "startofday",
    "tan",
    "tobool",
    "toboolean",
    "todatetime",
    "todecimal",
    "todouble",
    "todynamic",
    "toguid",
    "tohex",
    "toint",
    "tolong",
    "toobject",
    "toreal",
    "tostring",
    "totime",
    "totimespan",
];

/// Functions whose result is called by a word and their first argument.
const PREFIXED: &[(&str, &str)] = &[
    ("strlen", "strlen"),
    ("string_size", "string_size"),
    ("gettype", "type"),
    ("repeat", "repeat"),
    ("treepath", "tree"),
];

/// The name of an expression, if it has one by itself.
pub(super) fn own_name(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name.to_string()),
        ExpressionKind::Member(inner, name) => Some(format!("{}_{name}", own_name(inner)?)),
        ExpressionKind::Index(inner, index) => {
            let inner = own_name(inner)?;
            match &index.kind {
                ExpressionKind::Literal(Value::Long(number), _) if *number >= 0 => {
                    Some(format!("{inner}_{number}"))
                }
                _ => Some(format!("{inner}_")),
            }
        }
        ExpressionKind::Call { name, arguments } => {
            let first = || arguments.first().and_then(|argument| own_name(&argument.value));
            if let Some((_, prefix)) = PREFIXED.iter().find(|(known, _)| *known == &*name.text) {
                return Some(format!("{prefix}_{}", first().unwrap_or_default()));
            }
            if KEEP_NAME.contains(&&*name.text) { first() } else { aggregate_name(&name.text, arguments) }
        }
        _ => None,
    }
}

/// The names of the columns that one call makes, where it makes several: one for each array that is sorted.
pub(super) fn of_several(expression: &Expression) -> Option<Vec<String>> {
    of_sorted(expression).filter(|names| names.len() > 1)
}

/// The names of the arrays that a call sorts.
fn of_sorted(expression: &Expression) -> Option<Vec<String>> {
    let ExpressionKind::Call { name, arguments } = &expression.kind else { return None };
    if !matches!(&*name.text, "array_sort_asc" | "array_sort_desc") {
        return None;
    }
    let is_flag = |argument: &Assignment| {
        matches!(argument.value.kind, ExpressionKind::Literal(Value::Bool(_) | Value::Null, Kind::Bool))
    };
    let arrays = arguments.iter().filter(|argument| !is_flag(argument));
    let names = arrays.enumerate().map(|(at, array)| match own_name(&array.value) {
        Some(name) => format!("{name}_sorted"),
        None => format!("array{at}_sorted"),
    });
    Some(names.collect())
}

/// The name of a column that is an aggregate.
fn aggregate_name(name: &str, arguments: &[Assignment]) -> Option<String> {
    let aggregate = aggregate_named(name)?;
    let own = || arguments.first().and_then(|argument| own_name(&argument.value)).unwrap_or_default();
    if let Some(at) = aggregate.percents_at.filter(|_| aggregate.shape == crate::aggregates::Shape::One) {
        let label = arguments.get(at).and_then(|argument| percent_label(&argument.value));
        return Some(match label {
            Some(label) if !aggregate.name.ends_with("_array") => {
                format!("{}_{}_{label}", aggregate.prefix, own())
            }
            _ => format!("{}_{}", aggregate.prefix, own()),
        });
    }
    let prefix = match name {
        "any" | "anyif" => name,
        "make_dictionary" => "dictionary",
        _ => aggregate.prefix,
    };
    Some(if prefix.is_empty() { own() } else { format!("{prefix}_{}", own()) })
}

/// How a percentage stands in a name.
pub(super) fn percent_label(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Literal(Value::Long(number), _) => Some(number.to_string()),
        ExpressionKind::Literal(Value::Real(number), _) => Some(number.to_string().replace('.', "_")),
        _ => None,
    }
}

/// Where the name of a column stands: what is written, or the value that makes it.
pub(super) fn place(assignment: &Assignment) -> crate::diagnostic::Span {
    assignment.names.first().map_or(assignment.value.span, |name| name.span)
}

/// The name that is written, or the expression's own one.
pub(super) fn given_or_own(assignment: &Assignment) -> Option<String> {
    match assignment.names.first() {
        Some(name) => Some(name.text.to_string()),
        None => of_sorted(&assignment.value)
            .and_then(|names| names.into_iter().next())
            .or_else(|| own_name(&assignment.value))
            .filter(|name| !name.is_empty()),
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
