//! `case`: The value behind the first condition that holds, or the last one.

use super::{Function, Returns, to_bool, value};
use crate::context::Context;
use crate::value::Value;

pub(super) const FUNCTION: &Function = &Function {
    name: "case",
    aliases: &[],
    signature: "condition:any, then:any, otherwise:any, ...",
    returns: Returns::Common(1, 2),
    summary: "The value behind the first condition that holds, or the last one.",
    example: ("case(false, 1, true, 2, 3)", "2"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let mut pairs = arguments.chunks_exact(2);
    for pair in pairs.by_ref() {
        if to_bool(value(pair, 0)) == Some(true) {
            return value(pair, 1).clone();
        }
    }
    pairs.remainder().first().cloned().unwrap_or_default()
}
