//! `reverse`: The letters from the last to the first.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "reverse",
    aliases: &[],
    signature: "text:any",
    returns: Returns::Kind(Kind::String),
    summary: "The letters from the last to the first.",
    example: ("reverse('abc')", r#""cba""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    text(arguments, 0, context).chars().rev().collect::<String>().into()
}
