//! `series_less`: Where one series is less than another.

use super::series::compared;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_less",
    aliases: &[],
    signature: "left:any, right:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "Where one series is less than another.",
    example: ("series_less(dynamic([1,2,3]), 2)", "[true,false,false]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    compared(arguments, std::cmp::Ordering::is_lt)
}
