//! `strcat_delim`: All values as one text, with a delimiter between them.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "strcat_delim",
    aliases: &[],
    signature: "delimiter:string, value:any, ...",
    returns: Returns::Kind(Kind::String),
    summary: "All values as one text, with a delimiter between them.",
    example: ("strcat_delim('-', 1, 'a')", r#""1-a""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let delimiter = text(arguments, 0, context);
    let mut whole = String::new();
    for at in 1..arguments.len() {
        let part = text(arguments, at, context);
        if whole.len() + part.len() + delimiter.len() > context.limits.value_bytes {
            return context.too_large("strcat_delim");
        }
        if at > 1 {
            whole.push_str(&delimiter);
        }
        whole.push_str(&part);
    }
    whole.into()
}
