//! `trim_start`: The text without what a pattern finds at its beginning.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "trim_start",
    aliases: &[],
    signature: "regex:string, text:any",
    returns: Returns::Kind(Kind::String),
    summary: "The text without what a pattern finds at its beginning.",
    example: ("trim_start('-', '-a-')", r#""a-""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 1, context);
    let pattern = format!("^(?:{})", self::text(arguments, 0, context));
    context.pattern(&pattern).map_or(Value::Null, |regex| regex.replace_all(&text, "").into_owned().into())
}
