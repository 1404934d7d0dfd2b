//! `tostring`: The value as text; that of null is empty.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "tostring",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::String),
    summary: "The value as text; that of null is empty.",
    example: (r#"tostring(dynamic({"a":1}))"#, r#""{\"a\":1}""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    Value::text(text(arguments, 0, context))
}
