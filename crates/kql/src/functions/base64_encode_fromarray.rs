//! `base64_encode_fromarray`: The base64 text of an array of bytes.

use super::{Function, Returns, array, to_long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "base64_encode_fromarray",
    aliases: &[],
    signature: "bytes:dynamic",
    returns: Returns::Kind(Kind::String),
    summary: "The base64 text of an array of bytes.",
    example: ("base64_encode_fromarray(dynamic([72,105]))", r#""SGk=""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(values) = array(arguments, 0) else { return Value::Null };
    let bytes: Option<Vec<u8>> =
        values.iter().map(|value| to_long(value).and_then(|byte| u8::try_from(byte).ok())).collect();
    bytes.map_or(Value::Null, |bytes| super::base64_encode_tostring::encode(&bytes).into())
}
