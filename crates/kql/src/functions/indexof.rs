//! `indexof`: Where a text begins in another, or -1.

use super::{Function, Returns, count, long, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "indexof",
    aliases: &[],
    signature: "text:any, wanted:string, [start:long]",
    returns: Returns::Kind(Kind::Long),
    summary: "Where a text begins in another, or -1.",
    example: ("indexof('abcdefg', 'cde')", "2"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let wanted = self::text(arguments, 1, context);
    let skip = usize::try_from(long(arguments, 2).unwrap_or(0)).unwrap_or(0);
    let from = text.char_indices().nth(skip).map_or(text.len(), |(at, _)| at);
    let found = text.get(from..).and_then(|rest| rest.find(&*wanted));
    match found.and_then(|at| text.get(..from + at)) {
        Some(before) => count(before.chars().count()),
        None => Value::Long(-1),
    }
}
