//! `isinf`: Whether it is infinite.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "isinf",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether it is infinite.",
    example: ("isinf(1.0 / 0.0)", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(f64::is_infinite).into()
}
