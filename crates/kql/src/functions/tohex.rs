//! `tohex`: A number in hexadecimal digits, with zeros in front up to a length.

use super::{Function, Returns, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "tohex",
    aliases: &[],
    signature: "number:long, [length:long]",
    returns: Returns::Kind(Kind::String),
    summary: "A number in hexadecimal digits, with zeros in front up to a length.",
    example: ("tohex(255, 4)", r#""00ff""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let width = usize::try_from(long(arguments, 1).unwrap_or(0)).unwrap_or(0).min(64);
    long(arguments, 0).map_or(Value::Null, |number| format!("{number:0width$x}").into())
}
