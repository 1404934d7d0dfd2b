//! `toguid`: The value as a guid, or null.

use super::{Function, Returns, to_guid, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "toguid",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::Guid),
    summary: "The value as a guid, or null.",
    example: ("toguid('70fc66f7-8279-44fc-9092-d364d70fce44')", r#""70fc66f7-8279-44fc-9092-d364d70fce44""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    to_guid(value(arguments, 0)).map_or(Value::Null, Value::Guid)
}
