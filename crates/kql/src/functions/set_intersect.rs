//! `set_intersect`: The different elements that all arrays have.

use super::{Function, Returns, array};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "set_intersect",
    aliases: &[],
    signature: "set:dynamic, other:dynamic, ...",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The different elements that all arrays have.",
    example: ("set_intersect(dynamic([1,2]), dynamic([2,3]))", "[2]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let mut seen = std::collections::HashSet::new();
    let others: Vec<std::collections::HashSet<Value>> = (1..arguments.len())
        .map(|at| array(arguments, at).unwrap_or_default().into_iter().collect())
        .collect();
    let first = array(arguments, 0).unwrap_or_default().into_iter();
    let kept =
        first.filter(|value| others.iter().all(|other| other.contains(value)) && seen.insert(value.clone()));
    Value::array(kept.collect::<Vec<_>>())
}
