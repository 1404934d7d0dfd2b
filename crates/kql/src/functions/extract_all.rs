//! `extract_all`: What the groups of a pattern find, everywhere.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "extract_all",
    aliases: &["extractall"],
    signature: "regex:string, text:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "What the groups of a pattern find, everywhere.",
    example: (r#"extract_all(@'(\w)(\d)', 'a1 b2')"#, r#"[["a","1"],["b","2"]]"#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 1, context);
    let Some(regex) = context.pattern(&self::text(arguments, 0, context)) else { return Value::Null };
    Value::array(regex.captures_iter(&text).map(|captures| {
        let groups: Vec<Value> = captures
            .iter()
            .skip(usize::from(captures.len() > 1))
            .map(|group| Value::text(group.map_or("", |group| group.as_str())))
            .collect();
        match groups.as_slice() {
            [one] => one.clone(),
            _ => Value::array(groups),
        }
    }))
}
