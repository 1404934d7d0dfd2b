//! `bag_set_key`: A bag with a value under a name.

use super::{Function, Returns, bag, text, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_set_key",
    aliases: &[],
    signature: "bag:dynamic, key:string, value:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "A bag with a value under a name.",
    example: ("bag_set_key(dynamic({'a':1}), 'b', 2)", r#"{"a":1,"b":2}"#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let Some(bag) = bag(arguments, 0) else { return Value::Null };
    let mut bag = (*bag).clone();
    bag.insert(text(arguments, 1, context).into(), value(arguments, 2).clone());
    Value::Bag(bag.into())
}
