//! `cot`: The cotangent of an angle in radians.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "cot",
    aliases: &[],
    signature: "angle:number",
    returns: Returns::Kind(Kind::Real),
    summary: "The cotangent of an angle in radians.",
    example: ("round(cot(1), 4)", "0.6421"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(|angle| angle.tan().recip()).into()
}
