//! `series_floor`: Each element rounded down.

use super::series::each;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_floor",
    aliases: &[],
    signature: "series:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "Each element rounded down.",
    example: ("series_floor(dynamic([1.8]))", "[1.0]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    each(arguments, f64::floor)
}
