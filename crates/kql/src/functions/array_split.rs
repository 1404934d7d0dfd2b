//! `array_split`: The array cut in parts at one place or at several.

use super::{Function, Returns, array, to_long, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_split",
    aliases: &[],
    signature: "array:dynamic, places:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The array cut in parts at one place or at several.",
    example: ("array_split(dynamic([1,2,3,4,5]), dynamic([1,3]))", "[[1],[2,3],[4,5]]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(values) = array(arguments, 0) else { return Value::Null };
    let places = array(arguments, 1).unwrap_or_else(|| vec![value(arguments, 1).clone()]);
    let length = i64::try_from(values.len()).unwrap_or(i64::MAX);
    let (mut parts, mut start) = (Vec::new(), 0usize);
    for place in &places {
        let Some(place) = to_long(place) else { return Value::Null };
        let place = if place < 0 { length.saturating_add(place).max(0) } else { place.min(length) };
        let end = usize::try_from(place).unwrap_or(0).max(start);
        parts.push(Value::array(values.get(start..end).unwrap_or_default().iter().cloned()));
        start = end;
    }
    parts.push(Value::array(values.get(start..).unwrap_or_default().iter().cloned()));
    Value::array(parts)
}
