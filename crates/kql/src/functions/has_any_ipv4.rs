//! `has_any_ipv4`: Whether a text has one of several addresses.

use super::{Function, Returns, array, has_address, text, to_text, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "has_any_ipv4",
    aliases: &[],
    signature: "text:string, address:any, ...",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether a text has one of several addresses.",
    example: ("has_any_ipv4('05:04 127.0.0.1 GET', '127.0.0.2', '127.0.0.1')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let holds = |wanted: &Value| {
        let wanted = to_text(wanted, context);
        !wanted.ends_with('.') && has_address(&text, &wanted)
    };
    let found = (1..arguments.len()).any(|at| match array(arguments, at) {
        Some(values) => values.iter().any(holds),
        None => holds(value(arguments, at)),
    });
    Value::Bool(found)
}
