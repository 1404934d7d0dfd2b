//! `series_sum`: The sum of a series.

use super::series::numbers;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_sum",
    aliases: &[],
    signature: "series:dynamic",
    returns: Returns::Kind(Kind::Real),
    summary: "The sum of a series.",
    example: ("series_sum(dynamic([1,2,3]))", "6.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    numbers(arguments, 0).map(|numbers| numbers.iter().sum::<f64>()).into()
}
