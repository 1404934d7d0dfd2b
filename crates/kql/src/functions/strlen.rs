//! `strlen`: The number of letters.

use super::{Function, Returns, count, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "strlen",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::Long),
    summary: "The number of letters.",
    example: ("strlen('größe')", "5"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    count(text(arguments, 0, context).chars().count())
}
