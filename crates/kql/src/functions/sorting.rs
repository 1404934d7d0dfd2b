//! What `array_sort_asc` and `array_sort_desc` share.

use super::value;
use crate::value::Value;
use std::cmp::Ordering;

/// The first array in order, and all others in the order of the first. One array gives itself, several give an array of
/// them, of which `(a, b) = …` takes the elements. Nulls are last unless a `false` behind the arrays says otherwise.
pub(crate) fn sorted(arguments: &[Value], compare: impl Fn(&Value, &Value) -> Ordering) -> Value {
    let (arrays, nulls_last) = match arguments.split_last() {
        Some((Value::Bool(nulls_last), arrays)) => (arrays, *nulls_last),
        _ => (arguments, true),
    };
    let Value::Array(first) = value(arrays, 0) else { return Value::Null };
    let mut order: Vec<usize> = (0..first.len()).collect();
    let at = |place: &usize| first.get(*place).unwrap_or(&Value::Null);
    order.sort_by(|one, other| {
        let (one, other) = (at(one), at(other));
        match (one.is_null(), other.is_null()) {
            (false, false) => compare(one, other),
            (one, other) if nulls_last => one.cmp(&other),
            (one, other) => other.cmp(&one),
        }
    });
    let mut in_order = arrays.iter().map(|array| match array {
        Value::Array(values) if values.len() == order.len() => {
            Value::array(order.iter().filter_map(|place| values.get(*place)).cloned())
        }
        _ => Value::Null,
    });
    if arrays.len() == 1 { in_order.next().unwrap_or_default() } else { Value::array(in_order) }
}
