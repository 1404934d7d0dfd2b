//! `series_greater_equals`: Where one series is not less than another.

use super::series::compared;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_greater_equals",
    aliases: &[],
    signature: "left:any, right:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "Where one series is not less than another.",
    example: ("series_greater_equals(dynamic([1,2,3]), 2)", "[false,true,true]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    compared(arguments, std::cmp::Ordering::is_ge)
}
