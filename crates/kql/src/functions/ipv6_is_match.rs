//! `ipv6_is_match`: Whether two addresses of either version are in one network.

use super::{Function, Returns, long, mask_of_ipv6, parse_ipv6, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv6_is_match",
    aliases: &[],
    signature: "left:string, right:string, [prefix:long]",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether two addresses of either version are in one network.",
    example: ("ipv6_is_match('fe80::85d:e82c:9446:7994/120', 'fe80::85d:e82c:9446:7998/120')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let prefix = u32::try_from(long(arguments, 2).unwrap_or(128)).unwrap_or(128).min(128);
    let (left, right) = (text(arguments, 0, context), text(arguments, 1, context));
    match (parse_ipv6(&left), parse_ipv6(&right)) {
        (Some((left, a)), Some((right, b))) => {
            let mask = mask_of_ipv6(a.min(b).min(prefix));
            Value::Bool(left & mask == right & mask)
        }
        _ => Value::Null,
    }
}
