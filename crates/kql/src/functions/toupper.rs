//! `toupper`: The text in capitals.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "toupper",
    aliases: &[],
    signature: "text:any",
    returns: Returns::Kind(Kind::String),
    summary: "The text in capitals.",
    example: ("toupper('abc')", r#""ABC""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    text(arguments, 0, context).to_uppercase().into()
}
