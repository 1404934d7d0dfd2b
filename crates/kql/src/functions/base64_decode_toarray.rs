//! `base64_decode_toarray`: The bytes of a base64 text, as an array of numbers.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "base64_decode_toarray",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The bytes of a base64 text, as an array of numbers.",
    example: ("base64_decode_toarray('SGk=')", "[72,105]"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    super::base64_decode_tostring::decode(&text(arguments, 0, context))
        .map_or(Value::Null, |bytes| Value::array(bytes.into_iter().map(|byte| Value::Long(i64::from(byte)))))
}
