//! `tobool`: The value as a truth value, or null.

use super::{Function, Returns, to_bool, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "tobool",
    aliases: &["toboolean"],
    signature: "value:any",
    returns: Returns::Kind(Kind::Bool),
    summary: "The value as a truth value, or null.",
    example: ("tobool('True')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    to_bool(value(arguments, 0)).into()
}
