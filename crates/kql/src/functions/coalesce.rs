//! `coalesce`: The first value that is not null, or empty text.

use super::{Function, Returns};
use crate::context::Context;
use crate::value::Value;

pub(super) const FUNCTION: &Function = &Function {
    name: "coalesce",
    aliases: &[],
    signature: "value:any, other:any, ...",
    returns: Returns::Common(0, 1),
    summary: "The first value that is not null, or empty text.",
    example: (r#"coalesce(tolong("x"), 5)"#, "5"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let nothing = |value: &&Value| !value.is_null() && value.as_str() != Some("");
    arguments.iter().find(nothing).or(arguments.last()).cloned().unwrap_or_default()
}
