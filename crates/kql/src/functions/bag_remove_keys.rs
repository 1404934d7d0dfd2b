//! `bag_remove_keys`: A bag without some names.

use super::{Function, Returns, array, bag, names_of};
use crate::context::Context;
use crate::value::{Bag, Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_remove_keys",
    aliases: &[],
    signature: "bag:dynamic, keys:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "A bag without some names, which may be JSON paths.",
    example: ("bag_remove_keys(dynamic({'a':1,'b':2}), dynamic(['a']))", r#"{"b":2}"#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(bag) = bag(arguments, 0) else { return Value::Null };
    let keys = array(arguments, 1).unwrap_or_default();
    let mut left = (*bag).clone();
    for key in keys.iter().filter_map(Value::as_str) {
        let (above, last) = names_of(key);
        remove(&mut left, &above, last);
    }
    Value::Bag(left.into())
}

fn remove(bag: &mut Bag, above: &[&str], last: &str) {
    let Some((first, below)) = above.split_first() else {
        bag.remove(last);
        return;
    };
    if let Some(Value::Bag(inner)) = bag.get(first) {
        let mut inner = (**inner).clone();
        remove(&mut inner, below, last);
        bag.insert((*first).into(), Value::Bag(inner.into()));
    }
}
