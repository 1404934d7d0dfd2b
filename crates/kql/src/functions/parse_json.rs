//! `parse_json`: What a JSON text says; anything else stays as it is.

use super::{Function, Returns, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_json",
    aliases: &["todynamic", "toobject", "parsejson"],
    signature: "value:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "What a JSON text says; anything else stays as it is.",
    example: (r#"parse_json('{"a":[1]}').a[0]"#, "1"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match value(arguments, 0) {
        Value::String(text) => crate::value::parse_json(text).unwrap_or_else(|| Value::String(text.clone())),
        other => other.clone(),
    }
}
