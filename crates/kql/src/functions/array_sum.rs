//! `array_sum`: The sum of the elements.

use super::{Function, Returns, array, to_real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "array_sum",
    aliases: &[],
    signature: "array:dynamic",
    returns: Returns::Kind(Kind::Real),
    summary: "The sum of the elements.",
    example: ("array_sum(dynamic([1,2,3]))", "6.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    array(arguments, 0).map(|values| values.iter().filter_map(to_real).sum::<f64>()).into()
}
