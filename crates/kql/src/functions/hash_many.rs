//! `hash_many`: The hashes of several values as one, which depends on their order.

use super::{Function, Returns, combined, hash_of};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "hash_many",
    aliases: &[],
    signature: "value:any, other:any, ...",
    returns: Returns::Kind(Kind::Long),
    summary: "The hashes of several values as one, which depends on their order.",
    example: ("hash_many('a', 'b') == hash_many('b', 'a')", "false"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let hashes = arguments.iter().map(|value| hash_of(value, context));
    hashes.reduce(combined).into()
}
