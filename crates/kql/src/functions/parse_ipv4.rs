//! `parse_ipv4`: An address as a number; with a prefix, that of its network.

use super::{Function, Returns, mask, parse_ipv4, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_ipv4",
    aliases: &[],
    signature: "address:string",
    returns: Returns::Kind(Kind::Long),
    summary: "An address as a number; with a prefix, that of its network.",
    example: ("parse_ipv4('127.0.0.1')", "2130706433"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    parse_ipv4(&text(arguments, 0, context)).map(|(address, bits)| i64::from(address & mask(bits))).into()
}
