//! `array_iff`: For each condition an element of one of two arrays; a value that is no array stands for each of its elements.

use super::{Function, Returns, array, to_bool, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_iff",
    aliases: &["array_iif"],
    signature: "conditions:dynamic, then:any, otherwise:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "For each condition an element of one of two arrays; a value that is no array stands for each of its elements.",
    example: ("array_iff(dynamic([true,false]), dynamic([1,2]), 0)", "[1,0]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(conditions) = array(arguments, 0) else { return Value::Null };
    let element = |place: usize, at: usize| match array(arguments, place) {
        Some(values) => values.get(at).cloned().unwrap_or_default(),
        None => value(arguments, place).clone(),
    };
    Value::array(conditions.iter().enumerate().map(|(at, condition)| match to_bool(condition) {
        Some(true) => element(1, at),
        Some(false) => element(2, at),
        None => Value::Null,
    }))
}
