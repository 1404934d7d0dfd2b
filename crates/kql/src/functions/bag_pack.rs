//! `bag_pack`: A bag of names and values in turn.

use super::{Function, Returns, text, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "bag_pack",
    aliases: &["pack", "pack_dictionary"],
    signature: "key:string, value:any, ...",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "A bag of names and values in turn.",
    example: ("bag_pack('a', 1, 'b', true)", r#"{"a":1,"b":true}"#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    Value::bag(
        arguments.chunks_exact(2).map(|pair| (text(pair, 0, context).into_owned(), value(pair, 1).clone())),
    )
}
