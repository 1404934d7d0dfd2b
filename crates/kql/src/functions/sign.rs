//! `sign`: -1, 0 or 1.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "sign",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Long),
    summary: "-1, 0 or 1.",
    example: ("sign(-42.1)", "-1"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(|number| i64::from(number > 0.0) - i64::from(number < 0.0)).into()
}
