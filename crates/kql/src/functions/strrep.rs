//! `strrep`: A text so many times.

use super::{Function, Returns, long, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "strrep",
    aliases: &[],
    signature: "text:any, times:long, [delimiter:string]",
    returns: Returns::Kind(Kind::String),
    summary: "A text so many times.",
    example: ("strrep('ab', 2, '-')", r#""ab-ab""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let part = text(arguments, 0, context);
    let delimiter = text(arguments, 2, context);
    let times = usize::try_from(long(arguments, 1).unwrap_or(0)).unwrap_or(0);
    if (part.len() + delimiter.len()).saturating_mul(times) > context.limits.value_bytes {
        return context.too_large("strrep");
    }
    if part.is_empty() && delimiter.is_empty() {
        return Value::text("");
    }
    vec![&*part; times].join(&delimiter).into()
}
