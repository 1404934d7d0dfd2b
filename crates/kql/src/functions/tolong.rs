//! `tolong`: The value as a whole number, or null.

use super::{Function, Returns, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "tolong",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::Long),
    summary: "The value as a whole number, or null.",
    example: ("tolong('123')", "123"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    long(arguments, 0).into()
}
