//! `url_encode`: The text as a part of a URL.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "url_encode",
    aliases: &["url_encode_component"],
    signature: "text:string",
    returns: Returns::Kind(Kind::String),
    summary: "The text as a part of a URL.",
    example: ("url_encode('a b')", r#""a%20b""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let mut whole = String::new();
    for byte in text(arguments, 0, context).bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            whole.push_str(&format!("%{byte:02X}"));
        }
    }
    whole.into()
}
