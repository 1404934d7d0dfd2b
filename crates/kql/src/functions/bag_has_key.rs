//! `bag_has_key`: Whether a bag has a name.

use super::{Function, Returns, bag, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_has_key",
    aliases: &[],
    signature: "bag:dynamic, key:string",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether a bag has a name.",
    example: ("bag_has_key(dynamic({'a':1}), 'a')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    bag(arguments, 0).map(|bag| bag.contains_key(&*text(arguments, 1, context))).into()
}
