//! `has_ipv4`: Whether a text has an address.

use super::{Function, Returns, has_address, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "has_ipv4",
    aliases: &[],
    signature: "text:string, address:string",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether a text has an address.",
    example: ("has_ipv4('05:04 127.0.0.1 GET', '127.0.0.1')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (text, wanted) = (text(arguments, 0, context), text(arguments, 1, context));
    Value::Bool(!wanted.ends_with('.') && has_address(&text, &wanted))
}
