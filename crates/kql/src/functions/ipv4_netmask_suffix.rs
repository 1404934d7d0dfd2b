//! `ipv4_netmask_suffix`: The length of the prefix of an address; 32 if it has none.

use super::{Function, Returns, parse_ipv4, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv4_netmask_suffix",
    aliases: &[],
    signature: "address:string",
    returns: Returns::Kind(Kind::Long),
    summary: "The length of the prefix of an address; 32 if it has none.",
    example: ("ipv4_netmask_suffix('10.1.2.3/16')", "16"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    parse_ipv4(&text(arguments, 0, context)).map(|(_, bits)| i64::from(bits)).into()
}
