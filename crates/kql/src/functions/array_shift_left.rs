//! `array_shift_left`: The elements moved to the left; the places that fall empty get a value.

use super::{Function, Returns, array, long, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_shift_left",
    aliases: &[],
    signature: "array:dynamic, places:long, [default:any]",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The elements moved to the left; the places that fall empty get a value.",
    example: ("array_shift_left(dynamic([1,2,3]), 2, 0)", "[3,0,0]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let (Some(values), Some(places)) = (array(arguments, 0), long(arguments, 1)) else {
        return Value::Null;
    };
    let shifted = (0i64..).take(values.len()).map(|at| {
        let from = at.checked_add(places).and_then(|from| usize::try_from(from).ok());
        from.and_then(|from| values.get(from)).unwrap_or(value(arguments, 2)).clone()
    });
    Value::array(shifted)
}
