//! `isempty`: Whether it is null or empty text.

use super::{Function, Returns, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "isempty",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether it is null or empty text.",
    example: (r#"isempty("")"#, "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    Value::Bool(matches!(value(arguments, 0), Value::Null) || value(arguments, 0).as_str() == Some(""))
}
