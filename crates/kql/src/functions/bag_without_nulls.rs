//! `bag_without_nulls`: A bag without the names that have nothing.

use super::{Function, Returns, bag};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_without_nulls",
    aliases: &[],
    signature: "bag:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "A bag without the names that have nothing.",
    example: ("bag_without_nulls(dynamic({'a':1,'b':null}))", r#"{"a":1}"#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(bag) = bag(arguments, 0) else { return Value::Null };
    let has = |value: &Value| !value.is_null() && value.as_str() != Some("");
    Value::bag(bag.iter().filter(|(_, value)| has(value)).map(|(name, value)| (name, value.clone())))
}
