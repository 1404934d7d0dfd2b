//! `parse_urlquery`: The parameters of the query part of a URL.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_urlquery",
    aliases: &["parseurlquery"],
    signature: "query:string",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The parameters of the query part of a URL.",
    example: ("parse_urlquery('k1=v1&k2=a%20b')", r#"{"Query Parameters":{"k1":"v1","k2":"a b"}}"#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let query = text(arguments, 0, context);
    Value::bag([("Query Parameters", super::parse_url::parameters(query.trim_start_matches('?')))])
}
