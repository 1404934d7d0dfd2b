//! `dynamic_to_json`: A dynamic as JSON, with its names in order.

use super::{Function, Returns, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "dynamic_to_json",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::String),
    summary: "A dynamic as JSON, with its names in order.",
    example: ("dynamic_to_json(dynamic({'b':1,'a':2}))", r#""{\"a\":2,\"b\":1}""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    crate::value::to_json_text(&in_order(value(arguments, 0)), context.limits.value_bytes)
        .map_or_else(|| context.too_large("dynamic_to_json"), Value::from)
}

/// The value with the names of its bags in the order of the alphabet, so that what is equal is written alike.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Array(values) => Value::array(values.iter().map(in_order)),
        Value::Bag(bag) => {
            let mut entries: Vec<_> =
                bag.iter().map(|(name, value)| (name.clone(), in_order(value))).collect();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Bag(std::sync::Arc::new(entries.into_iter().collect()))
        }
        other => other.clone(),
    }
}
