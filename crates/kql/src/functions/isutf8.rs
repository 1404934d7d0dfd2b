//! `isutf8`: Whether a text is UTF-8, as every text is here.

use super::{Function, Returns, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "isutf8",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether a text is UTF-8, as every text is here.",
    example: ("isutf8('Größe')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    Value::Bool(!value(arguments, 0).is_null())
}
