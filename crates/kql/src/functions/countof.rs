//! `countof`: How often a text, or with 'regex' a pattern, is found.

use super::{Function, Returns, count, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "countof",
    aliases: &[],
    signature: "text:string, wanted:string, [kind:string]",
    returns: Returns::Kind(Kind::Long),
    summary: "How often a text, or with 'regex' a pattern, is found.",
    example: ("countof('The cat sat on the mat', 'at')", "3"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let wanted = self::text(arguments, 1, context);
    if self::text(arguments, 2, context) == "regex" {
        return context.pattern(&wanted).map_or(Value::Null, |regex| count(regex.find_iter(&text).count()));
    }
    if wanted.is_empty() {
        return Value::Long(0);
    }
    // Finds may overlap.
    count(
        text.char_indices()
            .filter(|(at, _)| text.get(*at..).is_some_and(|r| r.starts_with(&*wanted)))
            .count(),
    )
}
