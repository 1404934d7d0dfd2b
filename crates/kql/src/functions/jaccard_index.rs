//! `jaccard_index`: How alike two sets are: the part of all their members that both have.

use super::{Function, Returns, array, double};
use crate::context::Context;
use crate::value::{Kind, Value};
use std::collections::HashSet;

pub(super) const FUNCTION: &Function = &Function {
    name: "jaccard_index",
    aliases: &[],
    signature: "left:dynamic, right:dynamic",
    returns: Returns::Kind(Kind::Real),
    summary: "How alike two sets are: the part of all their members that both have.",
    example: ("jaccard_index(dynamic([1,2,3]), dynamic([2,3,4]))", "0.5"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let (Some(left), Some(right)) = (array(arguments, 0), array(arguments, 1)) else {
        return Value::Null;
    };
    let (left, right): (HashSet<Value>, HashSet<Value>) =
        (left.into_iter().collect(), right.into_iter().collect());
    let (both, all) = (left.intersection(&right).count(), left.union(&right).count());
    let number = |count: usize| double(i64::try_from(count).unwrap_or(i64::MAX));
    Value::Real(number(both) / number(all))
}
