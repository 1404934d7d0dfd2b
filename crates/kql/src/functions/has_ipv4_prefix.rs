//! `has_ipv4_prefix`: Whether a text has an address that begins so; the beginning ends in a point.

use super::{Function, Returns, has_address, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "has_ipv4_prefix",
    aliases: &[],
    signature: "text:string, address:string",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether a text has an address that begins so; the beginning ends in a point.",
    example: ("has_ipv4_prefix('05:04 127.0.0.1 GET', '127.0.')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (text, wanted) = (text(arguments, 0, context), text(arguments, 1, context));
    Value::Bool(has_address(&text, &wanted))
}
