//! `iff`: One of two values.

use super::{Function, Returns, to_bool, value};
use crate::context::Context;
use crate::value::Value;

pub(super) const FUNCTION: &Function = &Function {
    name: "iff",
    aliases: &["iif"],
    signature: "condition:bool, then:any, otherwise:any",
    returns: Returns::Common(1, 1),
    summary: "One of two values.",
    example: (r#"iff(1 < 2, "a", "b")"#, r#""a""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let at = if to_bool(value(arguments, 0)) == Some(true) { 1 } else { 2 };
    value(arguments, at).clone()
}
