//! `array_concat`: The elements of all arrays in one.

use super::{Function, Returns, array};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_concat",
    aliases: &[],
    signature: "array:dynamic, ...",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The elements of all arrays in one.",
    example: ("array_concat(dynamic([1]), dynamic([2]))", "[1,2]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let mut whole = Vec::new();
    for at in 0..arguments.len() {
        whole.extend(array(arguments, at).unwrap_or_default());
    }
    Value::array(whole)
}
