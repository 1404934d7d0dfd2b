//! `array_sort_asc`: The elements in order.

use super::{Function, Returns, array};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_sort_asc",
    aliases: &[],
    signature: "array:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The elements in order.",
    example: ("array_sort_asc(dynamic([2,1,3]))", "[1,2,3]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(mut values) = array(arguments, 0) else { return Value::Null };
    values.sort_by(crate::evaluate::sort_order);
    Value::array(values)
}
