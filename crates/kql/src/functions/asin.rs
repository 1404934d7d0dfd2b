//! `asin`: The angle of a sine, in radians.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "asin",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Real),
    summary: "The angle of a sine, in radians.",
    example: ("asin(0.0)", "0.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(f64::asin).filter(|number| !number.is_nan()).into()
}
