//! `parse_ipv6`: An address of either version with all digits of version 6; with a prefix, that of its network.

use super::{Function, Returns, ipv6_text, mask_of_ipv6, parse_ipv6, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_ipv6",
    aliases: &[],
    signature: "address:string",
    returns: Returns::Kind(Kind::String),
    summary: "An address of either version with all digits of version 6; with a prefix, that of its network.",
    example: ("parse_ipv6('fe80::85d:e82c:9446:7994')", r#""fe80:0000:0000:0000:085d:e82c:9446:7994""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    match parse_ipv6(&text(arguments, 0, context)) {
        Some((address, bits)) => ipv6_text(address & mask_of_ipv6(bits)).into(),
        None => Value::text(""),
    }
}
