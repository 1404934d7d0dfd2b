//! `max_of`: The largest of its arguments.

use super::{Function, Returns};
use crate::context::Context;
use crate::value::Value;

pub(super) const FUNCTION: &Function = &Function {
    name: "max_of",
    aliases: &[],
    signature: "value:any, other:any, ...",
    returns: Returns::Common(0, 1),
    summary: "The largest of its arguments.",
    example: ("max_of(10, 1, 3)", "10"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let mut best = Value::Null;
    for value in arguments.iter().filter(|value| !value.is_null()) {
        if best.is_null() || crate::evaluate::sort_order(value, &best).is_gt() {
            best = value.clone();
        }
    }
    best
}
