//! `atan`: The angle of a tangent, in radians.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "atan",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Real),
    summary: "The angle of a tangent, in radians.",
    example: ("atan(0.0)", "0.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(f64::atan).filter(|number| !number.is_nan()).into()
}
