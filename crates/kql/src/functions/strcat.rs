//! `strcat`: All values as one text.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "strcat",
    aliases: &[],
    signature: "value:any, ...",
    returns: Returns::Kind(Kind::String),
    summary: "All values as one text.",
    example: ("strcat('a', 1, true)", r#""a1true""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let mut whole = String::new();
    for at in 0..arguments.len() {
        let part = text(arguments, at, context);
        if whole.len() + part.len() > context.limits.value_bytes {
            return context.too_large("strcat");
        }
        whole.push_str(&part);
    }
    whole.into()
}
