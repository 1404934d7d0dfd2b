//! `array_sort_asc`: The elements in order.

use super::{Function, Returns, sorted};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_sort_asc",
    aliases: &[],
    signature: "array:dynamic, [further:any], ...",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The elements in order, nulls last unless a `false` follows; further arrays are put in the same order.",
    example: ("array_sort_asc(dynamic([2,1,3]))", "[1,2,3]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    sorted(arguments, crate::evaluate::sort_order)
}
