//! `has_any_ipv4_prefix`: Whether a text has an address that begins in one of several ways.

use super::{Function, Returns, array, has_address, text, to_text, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "has_any_ipv4_prefix",
    aliases: &[],
    signature: "text:string, address:any, ...",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether a text has an address that begins in one of several ways.",
    example: ("has_any_ipv4_prefix('05:04 127.0.0.1 GET', dynamic(['10.', '127.0.']))", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let holds = |wanted: &Value| {
        let wanted = to_text(wanted, context);
        has_address(&text, &wanted)
    };
    let found = (1..arguments.len()).any(|at| match array(arguments, at) {
        Some(values) => values.iter().any(holds),
        None => holds(value(arguments, at)),
    });
    Value::Bool(found)
}
