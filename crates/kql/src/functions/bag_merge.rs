//! `bag_merge`: All bags in one; the first value of a name stays.

use super::{Function, Returns, bag};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_merge",
    aliases: &[],
    signature: "bag:dynamic, ...",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "All bags in one; the first value of a name stays.",
    example: ("bag_merge(dynamic({'a':1}), dynamic({'a':2,'b':3}))", r#"{"a":1,"b":3}"#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let mut whole = crate::value::Bag::new();
    for bag in (0..arguments.len()).filter_map(|at| bag(arguments, at)) {
        for (name, value) in bag.iter() {
            if !whole.contains_key(name) {
                whole.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Bag(whole.into())
}
