//! `replace_string`: The text with another in the place of a part.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "replace_string",
    aliases: &[],
    signature: "text:any, wanted:string, replacement:string",
    returns: Returns::Kind(Kind::String),
    summary: "The text with another in the place of a part.",
    example: ("replace_string('a.b.c', '.', '-')", r#""a-b-c""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let wanted = self::text(arguments, 1, context);
    let replacement = self::text(arguments, 2, context);
    match replaced(&text, &wanted, &replacement, context) {
        Some(text) => text.into(),
        None => context.too_large("replace_string"),
    }
}

/// The text with its replacements; nothing if it would be too large, which is known before it is made.
pub(super) fn replaced(text: &str, wanted: &str, replacement: &str, context: &Context<'_>) -> Option<String> {
    if wanted.is_empty() {
        return Some(text.to_owned());
    }
    if text.matches(wanted).count().saturating_mul(replacement.len()) > context.limits.value_bytes {
        return None;
    }
    Some(text.replace(wanted, replacement))
}
