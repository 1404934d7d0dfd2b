//! `extract`: What a group of a pattern finds.

use super::{Function, Returns, long, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "extract",
    aliases: &[],
    signature: "regex:string, group:long, text:any, [kind:any]",
    returns: Returns::Kind(Kind::String),
    summary: "What a group of a pattern finds.",
    example: ("extract('x=([0-9]+)', 1, 'a x=45')", r#""45""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 2, context);
    let Some(regex) = context.pattern(&self::text(arguments, 0, context)) else { return Value::Null };
    let group = usize::try_from(long(arguments, 1).unwrap_or(0)).unwrap_or(usize::MAX);
    let found = regex
        .captures(&text)
        .and_then(|captures| captures.get(group).map(|found| Value::text(found.as_str())));
    found.unwrap_or_else(|| Value::text(""))
}
