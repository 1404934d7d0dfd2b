//! `isnotempty`: Whether it is neither null nor empty text.

use super::{Function, Returns, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "isnotempty",
    aliases: &["notempty"],
    signature: "value:any",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether it is neither null nor empty text.",
    example: (r#"isnotempty("a")"#, "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    Value::Bool(!(matches!(value(arguments, 0), Value::Null) || value(arguments, 0).as_str() == Some("")))
}
