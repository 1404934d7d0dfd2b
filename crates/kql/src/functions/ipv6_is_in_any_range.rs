//! `ipv6_is_in_any_range`: Whether an address of either version is in one of several networks.

use super::{Function, Returns, array, mask_of_ipv6, parse_ipv6, text, to_text, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv6_is_in_any_range",
    aliases: &[],
    signature: "address:string, range:any, ...",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether an address of either version is in one of several networks.",
    example: ("ipv6_is_in_any_range('a5e:f127::d1', dynamic(['b::/16', 'a5e:f127::/32']))", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let Some((address, _)) = parse_ipv6(&text(arguments, 0, context)) else { return Value::Null };
    let holds = |range: &Value| {
        parse_ipv6(&to_text(range, context))
            .is_some_and(|(range, bits)| address & mask_of_ipv6(bits) == range & mask_of_ipv6(bits))
    };
    let found = (1..arguments.len()).any(|at| match array(arguments, at) {
        Some(values) => values.iter().any(holds),
        None => holds(value(arguments, at)),
    });
    Value::Bool(found)
}
