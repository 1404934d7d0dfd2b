//! `pi`: The number pi.

use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "pi",
    aliases: &[],
    signature: "",
    returns: Returns::Kind(Kind::Real),
    summary: "The number pi.",
    example: ("round(pi(), 4)", "3.1416"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    debug_assert!(arguments.is_empty(), "the binder checks");
    Value::Real(std::f64::consts::PI)
}
