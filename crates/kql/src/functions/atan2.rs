//! `atan2`: The angle from the x axis to a point, in radians.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "atan2",
    aliases: &[],
    signature: "y:number, x:number",
    returns: Returns::Kind(Kind::Real),
    summary: "The angle from the x axis to a point, in radians.",
    example: ("atan2(0, 1)", "0.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match (real(arguments, 0), real(arguments, 1)) {
        (Some(y), Some(x)) => Value::Real(y.atan2(x)),
        _ => Value::Null,
    }
}
