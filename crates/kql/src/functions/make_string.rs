//! `make_string`: The text of Unicode code points, given one by one or as arrays.

use super::{Function, Returns, array, to_long, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "make_string",
    aliases: &["unicode_codepoints_to_string"],
    signature: "codepoint:any, ...",
    returns: Returns::Kind(Kind::String),
    summary: "The text of Unicode code points, given one by one or as arrays.",
    example: ("make_string(75, dynamic([117,115]))", r#""Kus""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let mut points = Vec::new();
    for at in 0..arguments.len() {
        match array(arguments, at) {
            Some(values) => points.extend(values),
            None => points.push(value(arguments, at).clone()),
        }
    }
    let letters: Option<String> = points
        .iter()
        .map(|point| to_long(point).and_then(|point| u32::try_from(point).ok()).and_then(char::from_u32))
        .collect();
    letters.map_or(Value::Null, Value::from)
}
