//! `ipv4_is_in_any_range`: Whether an address is in one of several networks.

use super::{Function, Returns, array, mask, parse_ipv4, text, to_text, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv4_is_in_any_range",
    aliases: &[],
    signature: "address:string, range:any, ...",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether an address is in one of several networks.",
    example: ("ipv4_is_in_any_range('192.168.1.6', '10.0.0.0/8', '192.168.1.1/24')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let Some((address, _)) = parse_ipv4(&text(arguments, 0, context)) else { return Value::Null };
    let holds = |range: &Value| {
        parse_ipv4(&to_text(range, context))
            .is_some_and(|(range, bits)| address & mask(bits) == range & mask(bits))
    };
    let found = (1..arguments.len()).any(|at| match array(arguments, at) {
        Some(values) => values.iter().any(holds),
        None => holds(value(arguments, at)),
    });
    Value::Bool(found)
}
