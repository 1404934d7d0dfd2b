//! `ipv6_compare`: -1, 0 or 1 as one address or network of either version stands to another.

use super::{Function, Returns, long, mask_of_ipv6, parse_ipv6, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv6_compare",
    aliases: &[],
    signature: "left:string, right:string, [prefix:long]",
    returns: Returns::Kind(Kind::Long),
    summary: "-1, 0 or 1 as one address or network of either version stands to another.",
    example: ("ipv6_compare('192.168.1.7/24', '192.168.1.6/24')", "0"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let prefix = u32::try_from(long(arguments, 2).unwrap_or(128)).unwrap_or(128).min(128);
    let (left, right) = (text(arguments, 0, context), text(arguments, 1, context));
    match (parse_ipv6(&left), parse_ipv6(&right)) {
        (Some((left, a)), Some((right, b))) => {
            let mask = mask_of_ipv6(a.min(b).min(prefix));
            Value::Long((left & mask).cmp(&(right & mask)) as i64)
        }
        _ => Value::Null,
    }
}
