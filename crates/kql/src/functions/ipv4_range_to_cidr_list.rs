//! `ipv4_range_to_cidr_list`: The networks that a range of addresses is made of.

use super::{Function, Returns, parse_ipv4, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ipv4_range_to_cidr_list",
    aliases: &[],
    signature: "first:string, last:string",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The networks that a range of addresses is made of.",
    example: (
        "ipv4_range_to_cidr_list('1.1.128.0', '1.1.140.255')",
        r#"["1.1.128.0/21","1.1.136.0/22","1.1.140.0/24"]"#,
    ),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (first, last) = (text(arguments, 0, context), text(arguments, 1, context));
    let (Some((first, _)), Some((last, _))) = (parse_ipv4(&first), parse_ipv4(&last)) else {
        return Value::Null;
    };
    let (mut next, end) = (u64::from(first), u64::from(last) + 1);
    let mut networks = Vec::new();
    while next < end {
        // The largest network that begins here and does not reach beyond the end.
        let room = (end - next).ilog2();
        let size = next.trailing_zeros().min(room).min(32);
        let address = std::net::Ipv4Addr::from(u32::try_from(next).unwrap_or(u32::MAX));
        networks.push(Value::from(format!("{address}/{}", 32 - size)));
        next += 1 << size;
    }
    Value::array(networks)
}
