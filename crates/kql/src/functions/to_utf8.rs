//! `to_utf8`: The Unicode code points of a text.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "to_utf8",
    aliases: &["unicode_codepoints_from_string"],
    signature: "text:string",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The Unicode code points of a text.",
    example: ("to_utf8('Kus')", "[75,117,115]"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    if text.len() > context.limits.value_bytes {
        return context.too_large("to_utf8");
    }
    Value::array(text.chars().map(|letter| Value::Long(i64::from(u32::from(letter)))))
}
