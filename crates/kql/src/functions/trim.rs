//! `trim`: The text without what a pattern finds at both ends.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "trim",
    aliases: &[],
    signature: "regex:string, text:any",
    returns: Returns::Kind(Kind::String),
    summary: "The text without what a pattern finds at both ends.",
    example: ("trim('--', '--a--')", r#""a""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 1, context);
    let pattern = self::text(arguments, 0, context);
    let Some(start) = context.pattern(&format!("^(?:{pattern})")) else { return Value::Null };
    let Some(end) = context.pattern(&format!("(?:{pattern})$")) else { return Value::Null };
    let rest = start.replace(&text, "");
    end.replace(&rest, "").into_owned().into()
}
