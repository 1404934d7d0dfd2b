//! `bag_set_key`: A bag with a value under a name.

use super::{Function, Returns, bag, names_of, text, value};
use crate::context::Context;
use crate::value::{Bag, Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_set_key",
    aliases: &[],
    signature: "bag:dynamic, key:string, value:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "A bag with a value under a name, or where a JSON path leads.",
    example: ("bag_set_key(dynamic({'a':1}), 'b', 2)", r#"{"a":1,"b":2}"#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let Some(bag) = bag(arguments, 0) else { return Value::Null };
    let key = text(arguments, 1, context);
    let (above, last) = names_of(&key);
    Value::Bag(set(&bag, &above, last, value(arguments, 2)).into())
}

/// The bag with a value below some names; what is no bag on the way becomes one.
fn set(bag: &Bag, above: &[&str], last: &str, value: &Value) -> Bag {
    let mut changed = bag.clone();
    match above.split_first() {
        None => changed.insert(last.into(), value.clone()),
        Some((first, below)) => {
            let inner = match bag.get(first) {
                Some(Value::Bag(inner)) => set(inner, below, last, value),
                _ => set(&Bag::new(), below, last, value),
            };
            changed.insert((*first).into(), Value::Bag(inner.into()));
        }
    }
    changed
}
