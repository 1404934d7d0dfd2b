//! `parse_version`: A version of up to four numbers as one number that is ordered like it.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_version",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::Decimal),
    summary: "A version of up to four numbers as one number that is ordered like it.",
    example: ("parse_version('1.10') > parse_version('1.9')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 4 {
        return Value::Null;
    }
    let mut whole = 0i64;
    for at in 0..4 {
        let Some(number) = parts.get(at).map_or(Some(0), |part| part.parse::<i64>().ok()) else {
            return Value::Null;
        };
        // Four numbers of fifteen bits fit a long.
        if !(0..32_768).contains(&number) {
            return Value::Null;
        }
        whole = whole << 15 | number;
    }
    Value::Long(whole)
}
