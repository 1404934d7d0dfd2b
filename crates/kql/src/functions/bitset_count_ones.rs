//! `bitset_count_ones`: How many bits of a number are set.

use super::{Function, Returns, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bitset_count_ones",
    aliases: &[],
    signature: "number:long",
    returns: Returns::Kind(Kind::Long),
    summary: "How many bits of a number are set.",
    example: ("bitset_count_ones(42)", "3"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    long(arguments, 0).map(|number| i64::from(number.count_ones())).into()
}
