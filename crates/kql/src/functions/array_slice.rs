//! `array_slice`: The elements from a position to another one.

use super::{Function, Returns, array, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_slice",
    aliases: &[],
    signature: "array:dynamic, start:long, end:long",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The elements from a position to another one.",
    example: ("array_slice(dynamic([1,2,3,4]), 1, 2)", "[2,3]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(values) = array(arguments, 0) else { return Value::Null };
    let length = i64::try_from(values.len()).unwrap_or(i64::MAX);
    let place = |at: usize| {
        let place = long(arguments, at).unwrap_or(0);
        if place < 0 { length.saturating_add(place) } else { place }
    };
    let start = usize::try_from(place(1).max(0)).unwrap_or(usize::MAX);
    let end = usize::try_from(place(2).saturating_add(1).max(0)).unwrap_or(usize::MAX);
    Value::array(values.into_iter().take(end).skip(start))
}
