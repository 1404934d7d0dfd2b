//! `base64_decode_toguid`: The guid whose bytes a base64 text holds.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "base64_decode_toguid",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::Guid),
    summary: "The guid whose bytes a base64 text holds.",
    example: (
        "base64_decode_toguid('8jMxriJurkmwahbmqbIS6w==')",
        r#""ae3133f2-6e22-49ae-b06a-16e6a9b212eb""#,
    ),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    super::base64_decode_tostring::decode(&text(arguments, 0, context))
        .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
        .map_or(Value::Null, |bytes| {
            Value::Guid(u128::from_be_bytes(super::base64_encode_fromguid::mixed(bytes)))
        })
}
