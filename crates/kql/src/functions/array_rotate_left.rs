//! `array_rotate_left`: The elements moved to the left, and those that leave put at the end.

use super::{Function, Returns, array, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_rotate_left",
    aliases: &[],
    signature: "array:dynamic, places:long",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The elements moved to the left, and those that leave put at the end.",
    example: ("array_rotate_left(dynamic([1,2,3]), 2)", "[3,1,2]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let (Some(mut values), Some(places)) = (array(arguments, 0), long(arguments, 1)) else {
        return Value::Null;
    };
    let length = i64::try_from(values.len()).unwrap_or(i64::MAX).max(1);
    let places = places.rem_euclid(length);
    values.rotate_left(usize::try_from(places).unwrap_or(0));
    Value::array(values)
}
