//! `replace_regex`: The text with another in the place of what a pattern finds; `\1` is its first group.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "replace_regex",
    aliases: &["replace"],
    signature: "text:any, regex:string, replacement:string",
    returns: Returns::Kind(Kind::String),
    summary: r#"The text with another in the place of what a pattern finds; `\1` is its first group."#,
    example: (r#"replace_regex('Number is 1', @'is (\d+)', @'was: \1')"#, r#""Number was: 1""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let replacement = self::text(arguments, 2, context).replace('$', "$$");
    let mut template = String::new();
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                template.push_str(&format!("${{{digit}}}"));
                letters.next();
            }
            _ => template.push(letter),
        }
    }
    let Some(regex) = context.pattern(&self::text(arguments, 1, context)) else { return Value::Null };
    if regex.find_iter(&text).count().saturating_mul(template.len() + text.len())
        > context.limits.value_bytes * 16
    {
        return context.too_large("replace_regex");
    }
    regex.replace_all(&text, template.as_str()).into_owned().into()
}
