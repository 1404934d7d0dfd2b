//! `strcat_array`: The elements of an array as one text.

use super::{Function, Returns, array, text, to_text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "strcat_array",
    aliases: &["array_strcat"],
    signature: "array:dynamic, delimiter:string",
    returns: Returns::Kind(Kind::String),
    summary: "The elements of an array as one text.",
    example: ("strcat_array(dynamic([1,2]), '->')", r#""1->2""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let delimiter = text(arguments, 1, context);
    let mut whole = String::new();
    for (at, element) in array(arguments, 0).unwrap_or_default().iter().enumerate() {
        let part = to_text(element, context);
        if whole.len() + part.len() + delimiter.len() > context.limits.value_bytes {
            return context.too_large("strcat_array");
        }
        if at > 0 {
            whole.push_str(&delimiter);
        }
        whole.push_str(&part);
    }
    whole.into()
}
