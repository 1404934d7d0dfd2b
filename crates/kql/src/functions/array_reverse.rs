//! `array_reverse`: The elements from the last to the first.

use super::{Function, Returns, array};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_reverse",
    aliases: &[],
    signature: "array:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The elements from the last to the first.",
    example: ("array_reverse(dynamic([1,2]))", "[2,1]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    array(arguments, 0).map_or(Value::Null, |values| Value::array(values.into_iter().rev()))
}
