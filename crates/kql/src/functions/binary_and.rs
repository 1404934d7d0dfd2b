//! `binary_and`: The bits of two numbers together.

use super::{Function, Returns, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "binary_and",
    aliases: &[],
    signature: "left:long, right:long",
    returns: Returns::Kind(Kind::Long),
    summary: "The bits of two numbers together.",
    example: ("binary_and(6, 3)", "2"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match (long(arguments, 0), long(arguments, 1)) {
        (Some(a), Some(b)) => Value::Long(a & b),
        _ => Value::Null,
    }
}
