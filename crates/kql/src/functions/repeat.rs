//! `repeat`: An array of a value so many times.

use super::{Function, Returns, long, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "repeat",
    aliases: &[],
    signature: "value:any, times:long",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "An array of a value so many times.",
    example: ("repeat(1, 3)", "[1,1,1]"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let times = usize::try_from(long(arguments, 1).unwrap_or(0)).unwrap_or(0);
    if times > context.limits.value_bytes {
        return context.too_large("repeat");
    }
    Value::array(std::iter::repeat_n(value(arguments, 0).clone(), times))
}
