//! `isascii`: Whether a text is of ASCII letters alone.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "isascii",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether a text is of ASCII letters alone.",
    example: ("isascii('Größe')", "false"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    Value::Bool(text(arguments, 0, context).is_ascii())
}
