//! `ipv4_is_in_range`: Whether an address is in a network.

use super::{Function, Returns, mask, parse_ipv4, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv4_is_in_range",
    aliases: &[],
    signature: "address:string, range:string",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether an address is in a network.",
    example: ("ipv4_is_in_range('192.168.1.6', '192.168.1.1/24')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (address, range) = (text(arguments, 0, context), text(arguments, 1, context));
    match (parse_ipv4(&address), parse_ipv4(&range)) {
        (Some((address, _)), Some((range, bits))) => Value::Bool(address & mask(bits) == range & mask(bits)),
        _ => Value::Null,
    }
}
