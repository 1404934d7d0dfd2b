//! `ipv4_compare`: -1, 0 or 1 as one address, or network, stands to another.

use super::{Function, Returns, long, mask, parse_ipv4, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv4_compare",
    aliases: &[],
    signature: "left:string, right:string, [prefix:long]",
    returns: Returns::Kind(Kind::Long),
    summary: "-1, 0 or 1 as one address, or network, stands to another.",
    example: ("ipv4_compare('192.168.1.1/24', '192.168.1.255/24')", "0"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (left, right) = (text(arguments, 0, context), text(arguments, 1, context));
    let prefix = u32::try_from(long(arguments, 2).unwrap_or(32)).unwrap_or(32).min(32);
    match (parse_ipv4(&left), parse_ipv4(&right)) {
        (Some((left, a)), Some((right, b))) => {
            let mask = mask(a.min(b).min(prefix));
            Value::Long((left & mask).cmp(&(right & mask)) as i64)
        }
        _ => Value::Null,
    }
}
