//! `array_index_of`: Where a value is found, or -1.

use super::{Function, Returns, array, count, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_index_of",
    aliases: &[],
    signature: "array:dynamic, value:any",
    returns: Returns::Kind(Kind::Long),
    summary: "Where a value is found, or -1.",
    example: ("array_index_of(dynamic(['a','b']), 'b')", "1"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(values) = array(arguments, 0) else { return Value::Null };
    let wanted = value(arguments, 1);
    values
        .iter()
        .position(|value| crate::evaluate::equal(value, wanted) == Some(true))
        .map_or(Value::Long(-1), count)
}
