//! `series_dot_product`: The sum of the products of two series.

use super::series::{dot, numbers};
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_dot_product",
    aliases: &[],
    signature: "left:dynamic, right:dynamic",
    returns: Returns::Kind(Kind::Real),
    summary: "The sum of the products of two series.",
    example: ("series_dot_product(dynamic([1,2]), dynamic([3,4]))", "11.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match (numbers(arguments, 0), numbers(arguments, 1)) {
        (Some(left), Some(right)) => dot(&left, &right).into(),
        _ => Value::Null,
    }
}
