//! `parse_ipv6_mask`: An address of either version, cut to a prefix, with all digits of version 6.

use super::{Function, Returns, ipv6_text, long, mask_of_ipv6, parse_ipv6, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_ipv6_mask",
    aliases: &[],
    signature: "address:string, prefix:long",
    returns: Returns::Kind(Kind::String),
    summary: "An address of either version, cut to a prefix, with all digits of version 6.",
    example: ("parse_ipv6_mask('192.168.255.255', 120)", r#""0000:0000:0000:0000:0000:ffff:c0a8:ff00""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let prefix = long(arguments, 1).and_then(|bits| u32::try_from(bits).ok()).filter(|bits| *bits <= 128);
    match (parse_ipv6(&text(arguments, 0, context)), prefix) {
        (Some((address, bits)), Some(prefix)) => ipv6_text(address & mask_of_ipv6(bits.min(prefix))).into(),
        _ => Value::text(""),
    }
}
