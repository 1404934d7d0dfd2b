//! `toint`: The value as a whole number of 32 bits, or null.

use super::{Function, Returns, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "toint",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::Int),
    summary: "The value as a whole number of 32 bits, or null.",
    example: ("toint('3000000000')", "null"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    long(arguments, 0).filter(|number| i32::try_from(*number).is_ok()).into()
}
