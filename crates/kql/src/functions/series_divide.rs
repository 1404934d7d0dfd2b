//! `series_divide`: The quotient of two series, element by element.

use super::series::computed;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_divide",
    aliases: &[],
    signature: "left:any, right:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The quotient of two series, element by element.",
    example: ("series_divide(dynamic([1,2]), dynamic([4,4]))", "[0.25,0.5]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    computed(arguments, |left, right| left / right)
}
