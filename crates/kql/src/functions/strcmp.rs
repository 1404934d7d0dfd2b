//! `strcmp`: -1, 0 or 1 as the first text stands before, with or behind the second.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "strcmp",
    aliases: &[],
    signature: "left:string, right:string",
    returns: Returns::Kind(Kind::Long),
    summary: "-1, 0 or 1 as the first text stands before, with or behind the second.",
    example: ("strcmp('a', 'b')", "-1"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let order = text(arguments, 0, context).cmp(&text(arguments, 1, context));
    Value::Long(order as i64)
}
