//! `base64_decode_tostring`: The text that Base64 stands for; null if it is none.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "base64_decode_tostring",
    aliases: &["base64_decodestring"],
    signature: "text:string",
    returns: Returns::Kind(Kind::String),
    summary: "The text that Base64 stands for; null if it is none.",
    example: ("base64_decode_tostring('S3VzdG8=')", r#""Kusto""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    decode(&text(arguments, 0, context)).and_then(|bytes| String::from_utf8(bytes).ok()).into()
}

/// The bytes that Base64 stands for, in either alphabet and with or without its end; nothing if it is none.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut length) = (0u32, 0u32);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xFFFF;
        length += 6;
        if length >= 8 {
            length -= 8;
            bytes.push(u8::try_from(bits >> length & 0xFF).unwrap_or(0));
        }
    }
    Some(bytes)
}
