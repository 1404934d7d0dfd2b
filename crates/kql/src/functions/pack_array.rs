//! `pack_array`: An array of its arguments.

use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "pack_array",
    aliases: &[],
    signature: "value:any, ...",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "An array of its arguments.",
    example: ("pack_array(1, 'a')", r#"[1,"a"]"#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    Value::array(arguments.iter().cloned())
}
