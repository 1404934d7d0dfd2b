//! `substring`: A part of a text, counted in letters.

use super::{Function, Returns, long, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "substring",
    aliases: &[],
    signature: "text:any, start:long, [length:long]",
    returns: Returns::Kind(Kind::String),
    summary: "A part of a text, counted in letters.",
    example: ("substring('123456', 2, 3)", r#""345""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let letters = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let start = long(arguments, 1).unwrap_or(0);
    // A negative start counts from the end.
    let start = if start < 0 { letters.saturating_add(start).max(0) } else { start };
    let length = if arguments.len() > 2 { long(arguments, 2).unwrap_or(0) } else { i64::MAX };
    let (Ok(start), Ok(length)) = (usize::try_from(start), usize::try_from(length)) else {
        return Value::text("");
    };
    text.chars().skip(start).take(length).collect::<String>().into()
}
