//! `todouble`: The value as a double, or null.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "todouble",
    aliases: &["toreal"],
    signature: "value:any",
    returns: Returns::Kind(Kind::Real),
    summary: "The value as a double, or null.",
    example: ("todouble('1.5')", "1.5"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).into()
}
