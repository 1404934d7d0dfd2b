//! `base64_encode_fromguid`: The base64 text of the bytes of a guid.

use super::{Function, Returns, to_guid, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "base64_encode_fromguid",
    aliases: &[],
    signature: "guid:guid",
    returns: Returns::Kind(Kind::String),
    summary: "The base64 text of the bytes of a guid.",
    example: (
        "base64_encode_fromguid(toguid('ae3133f2-6e22-49ae-b06a-16e6a9b212eb'))",
        r#""8jMxriJurkmwahbmqbIS6w==""#,
    ),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    to_guid(value(arguments, 0))
        .map_or(Value::Null, |guid| super::base64_encode_tostring::encode(&mixed(guid.to_be_bytes())).into())
}

/// The order of the bytes that Windows uses: the first three parts are little-endian.
pub(super) fn mixed(bytes: [u8; 16]) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let [i, j, k, l, m, n, o, p] = rest;
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}
