//! `base64_encode_tostring`: The text in Base64.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "base64_encode_tostring",
    aliases: &["base64_encodestring"],
    signature: "text:string",
    returns: Returns::Kind(Kind::String),
    summary: "The text in Base64.",
    example: ("base64_encode_tostring('Kusto')", r#""S3VzdG8=""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    encode(text(arguments, 0, context).as_bytes()).into()
}

/// Bytes in Base64.
pub(super) fn encode(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut whole = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            (0..3).fold(0usize, |bits, at| bits << 8 | usize::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let letter = LETTERS.get(bits >> (18 - 6 * at) & 63).copied().unwrap_or(b'=');
            whole.push(if at > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    whole
}
