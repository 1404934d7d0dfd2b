//! `array_sort_desc`: The elements in order.

use super::{Function, Returns, array};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_sort_desc",
    aliases: &[],
    signature: "array:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The elements in order.",
    example: ("array_sort_desc(dynamic([2,1,3]))", "[3,2,1]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(mut values) = array(arguments, 0) else { return Value::Null };
    values.sort_by(|left, right| crate::evaluate::sort_order(right, left));
    Value::array(values)
}
