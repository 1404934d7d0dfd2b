//! `bag_has_key`: Whether a bag has a name.

use super::{Function, Returns, bag, names_of, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_has_key",
    aliases: &[],
    signature: "bag:dynamic, key:string",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether a bag has a name, or a JSON path leads to something in it.",
    example: ("bag_has_key(dynamic({'a':1}), 'a')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let Some(mut bag) = bag(arguments, 0) else { return Value::Null };
    let key = text(arguments, 1, context);
    let (above, last) = names_of(&key);
    for name in above {
        bag = match bag.get(name) {
            Some(Value::Bag(inner)) => inner.clone(),
            _ => return Value::Bool(false),
        };
    }
    Value::Bool(bag.contains_key(last))
}
