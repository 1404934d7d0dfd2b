//! `format_ipv4_mask`: An address from a number or a text, cut to a prefix and with it.

use super::{Function, Returns, long, mask, parse_ipv4, text, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "format_ipv4_mask",
    aliases: &[],
    signature: "address:any, [prefix:long]",
    returns: Returns::Kind(Kind::String),
    summary: "An address from a number or a text, cut to a prefix and with it.",
    example: ("format_ipv4_mask('192.168.1.255', 24)", r#""192.168.1.0/24""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let address = match value(arguments, 0) {
        Value::Long(number) => u32::try_from(*number).ok().map(|number| (number, 32)),
        _ => parse_ipv4(&text(arguments, 0, context)),
    };
    let prefix = u32::try_from(long(arguments, 1).unwrap_or(32)).ok().filter(|bits| *bits <= 32);
    match (address, prefix) {
        (Some((address, bits)), Some(prefix)) => {
            let address = std::net::Ipv4Addr::from(address & mask(bits.min(prefix)));
            format!("{address}/{prefix}").into()
        }
        _ => Value::text(""),
    }
}
