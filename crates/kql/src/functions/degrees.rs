//! `degrees`: Radians as degrees.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "degrees",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Real),
    summary: "Radians as degrees.",
    example: ("degrees(pi())", "180.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(f64::to_degrees).into()
}
