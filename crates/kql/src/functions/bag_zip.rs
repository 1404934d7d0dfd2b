//! `bag_zip`: A bag of names and values; a name without a value has null.

use super::{Function, Returns, array};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_zip",
    aliases: &[],
    signature: "names:dynamic, values:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "A bag of names and values; a name without a value has null.",
    example: ("bag_zip(dynamic(['a','b']), dynamic([1]))", r#"{"a":1,"b":null}"#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let (Some(names), Some(values)) = (array(arguments, 0), array(arguments, 1)) else {
        return Value::Null;
    };
    let named = names.iter().enumerate().filter_map(|(at, name)| {
        name.as_str().map(|name| (name, values.get(at).cloned().unwrap_or_default()))
    });
    Value::bag(named)
}
