//! `set_equals`: Whether two arrays have the same members, in any order.

use super::{Function, Returns, array};
use crate::context::Context;
use crate::value::{Kind, Value};
use std::collections::HashSet;

pub(super) const FUNCTION: &Function = &Function {
    name: "set_equals",
    aliases: &[],
    signature: "left:dynamic, right:dynamic",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether two arrays have the same members, in any order.",
    example: ("set_equals(dynamic([1,2]), dynamic([2,1,1]))", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let (Some(left), Some(right)) = (array(arguments, 0), array(arguments, 1)) else {
        return Value::Null;
    };
    let (left, right): (HashSet<Value>, HashSet<Value>) =
        (left.into_iter().collect(), right.into_iter().collect());
    Value::Bool(left == right)
}
