//! `new_guid`: A guid by chance.

use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "new_guid",
    aliases: &[],
    signature: "",
    returns: Returns::Kind(Kind::Guid),
    summary: "A guid by chance.",
    example: ("strlen(tostring(new_guid()))", "36"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    debug_assert!(arguments.is_empty(), "the binder checks");
    let bits = u128::from(context.random()) << 64 | u128::from(context.random());
    // Version 4, variant 1, as RFC 9562 writes them.
    Value::Guid(bits & !(0xF << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62)
}
