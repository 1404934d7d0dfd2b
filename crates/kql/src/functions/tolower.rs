//! `tolower`: The text in small letters.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "tolower",
    aliases: &[],
    signature: "text:any",
    returns: Returns::Kind(Kind::String),
    summary: "The text in small letters.",
    example: ("tolower('ABC')", r#""abc""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    text(arguments, 0, context).to_lowercase().into()
}
