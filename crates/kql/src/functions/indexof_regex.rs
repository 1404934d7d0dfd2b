//! `indexof_regex`: The position of the first match of a regular expression; -1 if there is none.

use super::{Function, Returns, count, long, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "indexof_regex",
    aliases: &[],
    signature: "text:any, regex:string, [start:long], [length:long], [occurrence:long]",
    returns: Returns::Kind(Kind::Long),
    summary: "The position of the first match of a regular expression; -1 if there is none.",
    example: ("indexof_regex('abcabc', @'b.')", "1"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (text, pattern) = (text(arguments, 0, context), text(arguments, 1, context));
    let Some(regex) = context.pattern(&pattern) else { return Value::Null };
    let start = long(arguments, 2).unwrap_or(0);
    let letters = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let start = if start < 0 { letters.saturating_add(start).max(0) } else { start };
    let length = long(arguments, 3).filter(|length| *length >= 0).unwrap_or(i64::MAX);
    let occurrence = long(arguments, 4).unwrap_or(1);
    if occurrence < 1 {
        return Value::Null;
    }
    let skipped = usize::try_from(occurrence - 1).unwrap_or(usize::MAX);
    let byte = |letter: i64| {
        let letter = usize::try_from(letter).unwrap_or(usize::MAX);
        text.char_indices().nth(letter).map_or(text.len(), |(at, _)| at)
    };
    let (from, to) = (byte(start), byte(start.saturating_add(length)));
    let searched = text.get(from..to).unwrap_or_default();
    match regex.find_iter(searched).nth(skipped) {
        Some(found) => count(text.get(..from + found.start()).unwrap_or_default().chars().count()),
        None => Value::Long(-1),
    }
}
