//! `series_cosine_similarity`: The cosine of the angle between two series as vectors.

use super::series::{dot, numbers};
use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_cosine_similarity",
    aliases: &[],
    signature: "left:dynamic, right:dynamic, [left_magnitude:number], [right_magnitude:number]",
    returns: Returns::Kind(Kind::Real),
    summary: "The cosine of the angle between two series as vectors.",
    example: ("series_cosine_similarity(dynamic([1,0]), dynamic([1,0]))", "1.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let (Some(left), Some(right)) = (numbers(arguments, 0), numbers(arguments, 1)) else {
        return Value::Null;
    };
    let length =
        |numbers: &[f64], at: usize| real(arguments, at).or_else(|| dot(numbers, numbers).map(f64::sqrt));
    match (dot(&left, &right), length(&left, 2), length(&right, 3)) {
        (Some(product), Some(left), Some(right)) => Value::Real(product / (left * right)),
        _ => Value::Null,
    }
}
