//! `hash_sha256`: The SHA-256 of a value in hexadecimal digits.

use super::{Function, Returns, hexadecimal, text};
use crate::context::Context;
use crate::value::{Kind, Value};
use sha2::{Digest, Sha256};

pub(super) const FUNCTION: &Function = &Function {
    name: "hash_sha256",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::String),
    summary: "The SHA-256 of a value in hexadecimal digits.",
    example: (
        "hash_sha256('World')",
        r#""78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524""#,
    ),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    hexadecimal(&Sha256::digest(text(arguments, 0, context).as_bytes())).into()
}
