//! `series_add`: The sum of two series, element by element.

use super::series::computed;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_add",
    aliases: &[],
    signature: "left:any, right:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The sum of two series, element by element.",
    example: ("series_add(dynamic([1,2]), dynamic([3,4]))", "[4.0,6.0]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    computed(arguments, |left, right| left + right)
}
