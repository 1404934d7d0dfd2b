//! `not`: The opposite.

use super::{Function, Returns, to_bool, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "not",
    aliases: &[],
    signature: "value:bool",
    returns: Returns::Kind(Kind::Bool),
    summary: "The opposite.",
    example: ("not(1 == 2)", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    to_bool(value(arguments, 0)).map(|value| !value).into()
}
