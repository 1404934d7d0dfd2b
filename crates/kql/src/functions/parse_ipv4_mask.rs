//! `parse_ipv4_mask`: An address, cut to a prefix, as a number.

use super::{Function, Returns, long, mask, parse_ipv4, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_ipv4_mask",
    aliases: &[],
    signature: "address:string, prefix:long",
    returns: Returns::Kind(Kind::Long),
    summary: "An address, cut to a prefix, as a number.",
    example: ("parse_ipv4_mask('127.0.0.1', 24)", "2130706432"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let prefix = long(arguments, 1).and_then(|bits| u32::try_from(bits).ok()).filter(|bits| *bits <= 32);
    match (parse_ipv4(&text(arguments, 0, context)), prefix) {
        (Some((address, bits)), Some(prefix)) => Value::Long(i64::from(address & mask(bits.min(prefix)))),
        _ => Value::Null,
    }
}
