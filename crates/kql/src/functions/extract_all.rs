//! `extract_all`: What the groups of a pattern find, everywhere.

use super::{Function, Returns, array, text, to_long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "extract_all",
    aliases: &["extractall"],
    signature: "regex:string, text:any, [more:any]",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "What the groups of a pattern find, everywhere; an array of numbers in front of the text chooses groups.",
    example: (r#"extract_all(@'(\w)(\d)', 'a1 b2')"#, r#"[["a","1"],["b","2"]]"#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    // With three arguments the second one says which groups are wanted.
    let chosen: Option<Vec<usize>> = array(arguments, 1).filter(|_| arguments.len() == 3).map(|groups| {
        groups.iter().filter_map(to_long).filter_map(|group| usize::try_from(group).ok()).collect()
    });
    let text = text(arguments, arguments.len().saturating_sub(1), context);
    let Some(regex) = context.pattern(&self::text(arguments, 0, context)) else { return Value::Null };
    let groups =
        chosen.unwrap_or_else(|| (usize::from(regex.captures_len() > 1)..regex.captures_len()).collect());
    let mut found = Vec::new();
    let mut bytes = 0;
    for captures in regex.captures_iter(&text) {
        let values: Vec<Value> = groups
            .iter()
            .map(|group| Value::text(captures.get(*group).map_or("", |group| group.as_str())))
            .collect();
        bytes += values.iter().map(Value::bytes).sum::<usize>();
        if bytes > context.limits.value_bytes.saturating_mul(16) {
            return context.too_large("extract_all");
        }
        found.push(match values.as_slice() {
            [one] => one.clone(),
            _ => Value::array(values),
        });
    }
    Value::array(found)
}
