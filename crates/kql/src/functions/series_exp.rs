//! `series_exp`: The exponential of each element.

use super::series::each;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_exp",
    aliases: &[],
    signature: "series:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The exponential of each element.",
    example: ("series_exp(dynamic([0]))", "[1.0]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    each(arguments, f64::exp)
}
