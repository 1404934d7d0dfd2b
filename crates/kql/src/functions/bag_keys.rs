//! `bag_keys`: The names of a bag.

use super::{Function, Returns, bag};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_keys",
    aliases: &[],
    signature: "bag:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The names of a bag, in their order.",
    example: ("bag_keys(dynamic({'b':1,'a':2}))", r#"["b","a"]"#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    bag(arguments, 0).map_or(Value::Null, |bag| Value::array(bag.keys().cloned().map(Value::String)))
}
