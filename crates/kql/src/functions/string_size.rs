//! `string_size`: The number of bytes of a text.

use super::{Function, Returns, count, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "string_size",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::Long),
    summary: "The number of bytes of a text.",
    example: ("string_size('Größe')", "7"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    count(text(arguments, 0, context).len())
}
