//! `isnotnull`: Whether there is something.

use super::{Function, Returns, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "isnotnull",
    aliases: &["notnull"],
    signature: "value:any",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether there is something.",
    example: ("isnotnull(1)", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    Value::Bool(!value(arguments, 0).is_null())
}
