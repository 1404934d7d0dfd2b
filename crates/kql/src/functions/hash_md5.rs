//! `hash_md5`: The MD5 of a value in hexadecimal digits; it is no protection against anybody.

use super::{Function, Returns, hexadecimal, text};
use crate::context::Context;
use crate::value::{Kind, Value};
use md5::{Digest, Md5};

pub(super) const FUNCTION: &Function = &Function {
    name: "hash_md5",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::String),
    summary: "The MD5 of a value in hexadecimal digits; it is no protection against anybody.",
    example: ("hash_md5('World')", r#""f5a7924e621e84c9280a9a27e1bcb7f6""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    hexadecimal(&Md5::digest(text(arguments, 0, context).as_bytes())).into()
}
