//! `array_length`: The number of elements.

use super::{Function, Returns, array, count};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_length",
    aliases: &["arraylength"],
    signature: "array:dynamic",
    returns: Returns::Kind(Kind::Long),
    summary: "The number of elements.",
    example: ("array_length(dynamic([1,2]))", "2"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    array(arguments, 0).map_or(Value::Null, |values| count(values.len()))
}
