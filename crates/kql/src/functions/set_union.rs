//! `set_union`: The different elements of all arrays.

use super::{Function, Returns, array};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "set_union",
    aliases: &[],
    signature: "set:dynamic, ...",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The different elements of all arrays.",
    example: ("set_union(dynamic([1,2]), dynamic([2,3]))", "[1,2,3]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let mut seen = std::collections::HashSet::new();
    let all = (0..arguments.len()).flat_map(|at| array(arguments, at).unwrap_or_default());
    Value::array(all.filter(|value| seen.insert(value.clone())).collect::<Vec<_>>())
}
