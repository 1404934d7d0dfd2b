//! `set_has_element`: Whether an array has a value.

use super::{Function, Returns, array, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "set_has_element",
    aliases: &[],
    signature: "set:dynamic, value:any",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether an array has a value.",
    example: ("set_has_element(dynamic(['a','b']), 'b')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let wanted = value(arguments, 1);
    array(arguments, 0)
        .map(|values| values.iter().any(|value| crate::evaluate::equal(value, wanted) == Some(true)))
        .into()
}
