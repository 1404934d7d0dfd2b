//! `todecimal`: The value as a decimal, or null.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "todecimal",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::Decimal),
    summary: "The value as a decimal, which is computed as a double, or null.",
    example: ("todecimal('1.5')", "1.5"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).into()
}
