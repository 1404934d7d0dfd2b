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
    if wanted.is_empty() {
        return Value::text(&*text);
    }
    if text.matches(&*wanted).count().saturating_mul(replacement.len()) > context.limits.value_bytes {
        return context.too_large("replace_string");
    }
    text.replace(&*wanted, &replacement).into()
}
