//! `series_product`: The product of a series.

use super::series::numbers;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_product",
    aliases: &[],
    signature: "series:dynamic",
    returns: Returns::Kind(Kind::Real),
    summary: "The product of a series.",
    example: ("series_product(dynamic([2,3,4]))", "24.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    numbers(arguments, 0).map(|numbers| numbers.iter().product::<f64>()).into()
}
