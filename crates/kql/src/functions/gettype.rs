//! `gettype`: The kind of a value.

use super::{Function, Returns, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "gettype",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::String),
    summary: "The kind of a value.",
    example: ("gettype(dynamic([1]))", r#""array""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    Value::text(value(arguments, 0).kind_name())
}
