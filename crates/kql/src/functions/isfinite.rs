//! `isfinite`: Whether it is neither infinite nor not a number.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "isfinite",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether it is neither infinite nor not a number.",
    example: ("isfinite(1.5)", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(f64::is_finite).into()
}
