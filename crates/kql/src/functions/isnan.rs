//! `isnan`: Whether it is not a number.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "isnan",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether it is not a number.",
    example: ("isnan(0.0 / 0.0)", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(f64::is_nan).into()
}
