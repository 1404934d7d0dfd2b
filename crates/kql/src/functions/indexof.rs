//! `indexof`: Where a text begins in another, or -1.

use super::{Function, Returns, count, long, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "indexof",
    aliases: &[],
    signature: "text:any, wanted:any, [start:long], [length:long], [occurrence:long]",
    returns: Returns::Kind(Kind::Long),
    summary: "Where a text begins in another, or -1.",
    example: ("indexof('abcdefg', 'cde')", "2"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let wanted = self::text(arguments, 1, context);
    let letters = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let start = long(arguments, 2).unwrap_or(0);
    let start = if start < 0 { letters.saturating_add(start).max(0) } else { start };
    let length = long(arguments, 3).filter(|length| *length >= 0).unwrap_or(i64::MAX);
    let occurrence = long(arguments, 4).unwrap_or(1);
    if occurrence < 1 {
        return Value::Null;
    }
    let byte = |letter: i64| {
        let letter = usize::try_from(letter).unwrap_or(usize::MAX);
        text.char_indices().nth(letter).map_or(text.len(), |(at, _)| at)
    };
    let (from, to) = (byte(start), byte(start.saturating_add(length)));
    let searched = text.get(from..to).unwrap_or_default();
    let skipped = usize::try_from(occurrence - 1).unwrap_or(usize::MAX);
    match searched.match_indices(&*wanted).nth(skipped) {
        Some((at, _)) => count(text.get(..from + at).unwrap_or_default().chars().count()),
        None => Value::Long(-1),
    }
}
