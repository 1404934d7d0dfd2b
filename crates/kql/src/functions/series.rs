//! What the functions of series share. A series is an array of numbers; what is no number is null in the result.

use super::{array, to_real, value};
use crate::value::Value;
use std::cmp::Ordering;

/// A function of each element.
pub(crate) fn each(arguments: &[Value], of: impl Fn(f64) -> f64) -> Value {
    let Some(values) = array(arguments, 0) else { return Value::Null };
    Value::array(values.iter().map(|value| to_real(value).map(&of).into()))
}

/// The elements of two series side by side; one that is shorter has nulls, and one that is a number is the same
/// everywhere.
fn pairs(arguments: &[Value]) -> Option<Vec<(Value, Value)>> {
    let (left, right) = (array(arguments, 0), array(arguments, 1));
    let length = match (&left, &right) {
        (None, None) => return None,
        (left, right) => left.as_ref().map_or(0, Vec::len).max(right.as_ref().map_or(0, Vec::len)),
    };
    let element = |values: &Option<Vec<Value>>, place: usize, at: usize| match values {
        Some(values) => values.get(at).cloned().unwrap_or_default(),
        None => value(arguments, place).clone(),
    };
    Some((0..length).map(|at| (element(&left, 0, at), element(&right, 1, at))).collect())
}

/// A computation of two series, element by element.
pub(crate) fn computed(arguments: &[Value], of: impl Fn(f64, f64) -> f64) -> Value {
    let Some(pairs) = pairs(arguments) else { return Value::Null };
    let compute = |(left, right): &(Value, Value)| match (to_real(left), to_real(right)) {
        (Some(left), Some(right)) => Value::Real(of(left, right)),
        _ => Value::Null,
    };
    Value::array(pairs.iter().map(compute))
}

/// A comparison of two series, element by element.
pub(crate) fn compared(arguments: &[Value], holds: impl Fn(Ordering) -> bool) -> Value {
    let Some(pairs) = pairs(arguments) else { return Value::Null };
    let compare = |(left, right): &(Value, Value)| crate::evaluate::compare(left, right).map(&holds).into();
    Value::array(pairs.iter().map(compare))
}

/// The numbers of a series; nothing if an element is none.
pub(crate) fn numbers(arguments: &[Value], at: usize) -> Option<Vec<f64>> {
    array(arguments, at)?.iter().map(to_real).collect()
}

/// The sum of the products of two series; nothing if they do not fit.
pub(crate) fn dot(left: &[f64], right: &[f64]) -> Option<f64> {
    (left.len() == right.len()).then(|| left.iter().zip(right).map(|(left, right)| left * right).sum())
}

/// Fills the elements that are missing from the element before them.
pub(crate) fn filled(values: impl Iterator<Item = Value>, missing: &Value) -> Vec<Value> {
    let mut last = missing.clone();
    let mut found = Vec::new();
    for value in values {
        if !is_missing(&value, missing) {
            last = value;
        }
        found.push(last.clone());
    }
    found
}

/// Whether an element is the one that stands for nothing: null, or what the query says.
pub(crate) fn is_missing(value: &Value, missing: &Value) -> bool {
    value.is_null() || crate::evaluate::equal(value, missing) == Some(true)
}
