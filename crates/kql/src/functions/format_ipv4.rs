//! `format_ipv4`: An address from a number, cut to a prefix.

use super::{Function, Returns, long, mask, parse_ipv4, text, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "format_ipv4",
    aliases: &[],
    signature: "address:any, [prefix:long]",
    returns: Returns::Kind(Kind::String),
    summary: "An address from a number, cut to a prefix.",
    example: ("format_ipv4('192.168.1.255', 24)", r#""192.168.1.0""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let address = match value(arguments, 0) {
        Value::Long(number) => u32::try_from(*number).ok(),
        _ => parse_ipv4(&text(arguments, 0, context)).map(|(address, _)| address),
    };
    let bits = u32::try_from(long(arguments, 1).unwrap_or(32)).ok().filter(|bits| *bits <= 32);
    match address.zip(bits) {
        Some((address, bits)) => std::net::Ipv4Addr::from(address & mask(bits)).to_string().into(),
        None => Value::text(""),
    }
}
