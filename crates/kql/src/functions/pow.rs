//! `pow`: A power.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "pow",
    aliases: &[],
    signature: "base:number, exponent:number",
    returns: Returns::Kind(Kind::Real),
    summary: "A power.",
    example: ("pow(2, 3)", "8.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match (real(arguments, 0), real(arguments, 1)) {
        (Some(base), Some(exponent)) => Value::Real(base.powf(exponent)),
        _ => Value::Null,
    }
}
