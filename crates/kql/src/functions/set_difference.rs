//! `set_difference`: The different elements of the first array that no other has.

use super::{Function, Returns, array};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "set_difference",
    aliases: &[],
    signature: "set:dynamic, other:dynamic, ...",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The different elements of the first array that no other has.",
    example: ("set_difference(dynamic([1,2]), dynamic([2,3]))", "[1]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let mut seen = std::collections::HashSet::new();
    let others: std::collections::HashSet<Value> =
        (1..arguments.len()).flat_map(|at| array(arguments, at).unwrap_or_default()).collect();
    let first = array(arguments, 0).unwrap_or_default().into_iter();
    Value::array(
        first.filter(|value| !others.contains(value) && seen.insert(value.clone())).collect::<Vec<_>>(),
    )
}
