//! `extract_json`: The text of what a JSON path leads to in a text: names behind points, positions and names in brackets.

use super::{Function, Returns, text, to_text, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "extract_json",
    aliases: &["extractjson"],
    signature: "path:string, text:string, [kind:any]",
    returns: Returns::Kind(Kind::String),
    summary: "The text of what a JSON path leads to in a text: names behind points, positions and names in brackets.",
    example: (r#"extract_json('$.a[1]', '{"a":[1,2]}')"#, r#""2""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let path = text(arguments, 0, context);
    let found = match value(arguments, 1) {
        Value::String(text) => crate::value::parse_json(text),
        other => Some(other.clone()),
    };
    let found = found.and_then(|value| follow(value, &path)).unwrap_or_default();
    to_text(&found, context).into_owned().into()
}

/// Follows a path, which begins with `$`.
fn follow(mut value: Value, path: &str) -> Option<Value> {
    let mut rest = path.trim().strip_prefix('$')?;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            value = value.member(behind.get(..end)?).clone();
            rest = behind.get(end..)?;
            continue;
        }
        let (inside, behind) = rest.strip_prefix('[')?.split_once(']')?;
        let inside = inside.trim();
        value = match inside.parse::<i64>() {
            Ok(at) => value.element(at),
            Err(_) => value.member(inside.trim_matches(['"', '\''])).clone(),
        };
        rest = behind;
    }
    Some(value)
}
