//! `sign`: -1, 0 or 1.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "sign",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Real),
    summary: "-1, 0 or 1.",
    example: ("sign(-42.1)", "-1.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(|number| f64::from(i8::from(number > 0.0) - i8::from(number < 0.0))).into()
}
