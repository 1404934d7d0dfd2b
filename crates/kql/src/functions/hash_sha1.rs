//! `hash_sha1`: The SHA-1 of a value in hexadecimal digits; it is no protection against anybody.

use super::{Function, Returns, hexadecimal, text};
use crate::context::Context;
use crate::value::{Kind, Value};
use sha1::{Digest, Sha1};

pub(super) const FUNCTION: &Function = &Function {
    name: "hash_sha1",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::String),
    summary: "The SHA-1 of a value in hexadecimal digits; it is no protection against anybody.",
    example: ("hash_sha1('World')", r#""70c07ec18ef89c5309bbb0937f3a6342411e1fdd""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    hexadecimal(&Sha1::digest(text(arguments, 0, context).as_bytes())).into()
}
