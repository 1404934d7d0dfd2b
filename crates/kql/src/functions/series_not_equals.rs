//! `series_not_equals`: Where two series differ.

use super::series::compared;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_not_equals",
    aliases: &[],
    signature: "left:any, right:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "Where two series differ.",
    example: ("series_not_equals(dynamic([1,2,3]), 2)", "[true,false,true]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    compared(arguments, std::cmp::Ordering::is_ne)
}
