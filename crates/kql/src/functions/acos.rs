//! `acos`: The angle of a cosine, in radians.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "acos",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Real),
    summary: "The angle of a cosine, in radians.",
    example: ("acos(1.0)", "0.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(f64::acos).filter(|number| !number.is_nan()).into()
}
