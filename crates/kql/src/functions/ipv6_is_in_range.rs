//! `ipv6_is_in_range`: Whether an address of either version is in a network.

use super::{Function, Returns, mask_of_ipv6, parse_ipv6, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv6_is_in_range",
    aliases: &[],
    signature: "address:string, range:string",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether an address of either version is in a network.",
    example: ("ipv6_is_in_range('a5e:f127::d1', 'a5e:f127::/32')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (address, range) = (text(arguments, 0, context), text(arguments, 1, context));
    match (parse_ipv6(&address), parse_ipv6(&range)) {
        (Some((address, _)), Some((range, bits))) => {
            Value::Bool(address & mask_of_ipv6(bits) == range & mask_of_ipv6(bits))
        }
        _ => Value::Null,
    }
}
