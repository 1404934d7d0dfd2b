//! `replace`: The older form of `replace_regex`, with the text as its last argument.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "replace",
    aliases: &[],
    signature: "regex:string, replacement:string, text:any",
    returns: Returns::Kind(Kind::String),
    summary: "The older form of `replace_regex`, with the text as its last argument.",
    example: ("replace('b+', '-', 'abbc')", r#""a-c""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (pattern, replacement) = (text(arguments, 0, context), text(arguments, 1, context));
    super::replace_regex::replaced(&text(arguments, 2, context), &pattern, &replacement, context)
}
