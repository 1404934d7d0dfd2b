//! `series_log`: The natural logarithm of each element.

use super::series::each;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_log",
    aliases: &[],
    signature: "series:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The natural logarithm of each element.",
    example: ("series_log(dynamic([1]))", "[0.0]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    each(arguments, f64::ln)
}
