//! `series_abs`: The absolute value of each element.

use super::series::each;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_abs",
    aliases: &[],
    signature: "series:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The absolute value of each element.",
    example: ("series_abs(dynamic([-1,2]))", "[1.0,2.0]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    each(arguments, f64::abs)
}
