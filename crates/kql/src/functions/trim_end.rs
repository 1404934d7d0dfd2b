//! `trim_end`: The text without what a pattern finds at its end.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "trim_end",
    aliases: &[],
    signature: "regex:string, text:any",
    returns: Returns::Kind(Kind::String),
    summary: "The text without what a pattern finds at its end.",
    example: ("trim_end('-', '-a-')", r#""-a""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 1, context);
    let pattern = format!("(?:{})$", self::text(arguments, 0, context));
    context.pattern(&pattern).map_or(Value::Null, |regex| regex.replace_all(&text, "").into_owned().into())
}
