//! `replace_regex`: The text with another in the place of what a pattern finds; `\1` is its first group.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "replace_regex",
    aliases: &[],
    signature: "text:any, regex:string, replacement:string",
    returns: Returns::Kind(Kind::String),
    summary: r#"The text with another in the place of what a pattern finds; `\1` is its first group."#,
    example: (r#"replace_regex('Number is 1', @'is (\d+)', @'was: \1')"#, r#""Number was: 1""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (text, pattern) = (text(arguments, 0, context), text(arguments, 1, context));
    replaced(&text, &pattern, &self::text(arguments, 2, context), context)
}

/// The text with its replacements; it stops as soon as it grows too large.
pub(super) fn replaced(text: &str, pattern: &str, replacement: &str, context: &Context<'_>) -> Value {
    let Some(regex) = context.pattern(pattern) else { return Value::Null };
    let mut template = String::new();
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                template.push_str(&format!("${{{digit}}}"));
                letters.next();
            }
            ('$', _) => template.push_str("$$"),
            _ => template.push(letter),
        }
    }
    let (mut whole, mut behind) = (String::new(), 0);
    for captures in regex.captures_iter(text) {
        let Some(found) = captures.get(0) else { continue };
        whole.push_str(text.get(behind..found.start()).unwrap_or_default());
        captures.expand(&template, &mut whole);
        behind = found.end();
        if whole.len() > context.limits.value_bytes {
            return context.too_large("replace_regex");
        }
    }
    whole.push_str(text.get(behind..).unwrap_or_default());
    whole.into()
}
