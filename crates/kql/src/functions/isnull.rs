//! `isnull`: Whether there is nothing.

use super::{Function, Returns, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "isnull",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether there is nothing.",
    example: (r#"isnull(tolong("x"))"#, "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    Value::Bool(value(arguments, 0).is_null())
}
