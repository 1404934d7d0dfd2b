//! `ipv4_is_match`: Whether two addresses are in one network.

use super::{Function, Returns, long, mask, parse_ipv4, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv4_is_match",
    aliases: &[],
    signature: "left:string, right:string, [prefix:long]",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether two addresses are in one network.",
    example: ("ipv4_is_match('10.1.2.3', '10.1.0.0/16')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (left, right) = (text(arguments, 0, context), text(arguments, 1, context));
    let prefix = u32::try_from(long(arguments, 2).unwrap_or(32)).unwrap_or(32).min(32);
    match (parse_ipv4(&left), parse_ipv4(&right)) {
        (Some((left, a)), Some((right, b))) => {
            let mask = mask(a.min(b).min(prefix));
            Value::Bool(left & mask == right & mask)
        }
        _ => Value::Null,
    }
}
