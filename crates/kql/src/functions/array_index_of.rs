//! `array_index_of`: Where a value is found, or -1.

use super::{Function, Returns, array, count, long, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_index_of",
    aliases: &[],
    signature: "array:dynamic, value:any, [start:long], [length:long], [occurrence:long]",
    returns: Returns::Kind(Kind::Long),
    summary: "Where a value is found, or -1.",
    example: ("array_index_of(dynamic(['a','b']), 'b')", "1"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(values) = array(arguments, 0) else { return Value::Null };
    let wanted = value(arguments, 1);
    let occurrence = long(arguments, 4).unwrap_or(1);
    let Some(skipped) = usize::try_from(occurrence - 1).ok() else { return Value::Null };
    let all = i64::try_from(values.len()).unwrap_or(i64::MAX);
    let start = long(arguments, 2).unwrap_or(0);
    let start = if start < 0 { all.saturating_add(start).max(0) } else { start };
    // A negative length means to the end.
    let length = long(arguments, 3).filter(|length| *length >= 0).unwrap_or(i64::MAX);
    let places = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let found = values.iter().enumerate().skip(places(start)).take(places(length));
    found
        .filter(|(_, value)| crate::evaluate::equal(value, wanted) == Some(true))
        .nth(skipped)
        .map_or(Value::Long(-1), |(at, _)| count(at))
}
