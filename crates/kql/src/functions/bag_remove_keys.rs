//! `bag_remove_keys`: A bag without some names.

use super::{Function, Returns, array, bag};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_remove_keys",
    aliases: &[],
    signature: "bag:dynamic, keys:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "A bag without some names.",
    example: ("bag_remove_keys(dynamic({'a':1,'b':2}), dynamic(['a']))", r#"{"b":2}"#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(bag) = bag(arguments, 0) else { return Value::Null };
    let keys = array(arguments, 1).unwrap_or_default();
    let gone = |name: &str| keys.iter().any(|key| key.as_str() == Some(name));
    Value::bag(bag.iter().filter(|(name, _)| !gone(name)).map(|(name, value)| (name, value.clone())))
}
