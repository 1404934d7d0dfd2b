//! `series_magnitude`: The length of a series as a vector.

use super::series::{dot, numbers};
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_magnitude",
    aliases: &[],
    signature: "series:dynamic",
    returns: Returns::Kind(Kind::Real),
    summary: "The length of a series as a vector.",
    example: ("series_magnitude(dynamic([3,4]))", "5.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    numbers(arguments, 0).and_then(|numbers| dot(&numbers, &numbers)).map(f64::sqrt).into()
}
