//! `ipv4_is_private`: Whether an address is one of the private networks of RFC 1918.

use super::{Function, Returns, parse_ipv4, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv4_is_private",
    aliases: &[],
    signature: "address:string",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether an address is one of the private networks of RFC 1918.",
    example: ("ipv4_is_private('10.1.2.3')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    parse_ipv4(&text(arguments, 0, context))
        .map(|(address, _)| std::net::Ipv4Addr::from(address).is_private())
        .into()
}
