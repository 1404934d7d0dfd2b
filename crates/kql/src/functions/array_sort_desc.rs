//! `array_sort_desc`: The elements in falling order.

use super::{Function, Returns, sorted};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_sort_desc",
    aliases: &[],
    signature: "array:dynamic, [further:any], ...",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The elements in falling order, nulls last unless a `false` follows; further arrays are put in the same order.",
    example: ("array_sort_desc(dynamic([2,1,3]))", "[3,2,1]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    sorted(arguments, |one, other| crate::evaluate::sort_order(other, one))
}
