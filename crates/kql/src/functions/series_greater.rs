//! `series_greater`: Where one series is greater than another.

use super::series::compared;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_greater",
    aliases: &[],
    signature: "left:any, right:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "Where one series is greater than another.",
    example: ("series_greater(dynamic([1,2,3]), 2)", "[false,false,true]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    compared(arguments, std::cmp::Ordering::is_gt)
}
