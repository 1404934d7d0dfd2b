//! `regex_quote`: A text in which every letter that means something in a regular expression is escaped.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "regex_quote",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::String),
    summary: "A text in which every letter that means something in a regular expression is escaped.",
    example: ("regex_quote('(a.b)')", r#""\\(a\\.b\\)""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    regex::escape(&text(arguments, 0, context)).into()
}
