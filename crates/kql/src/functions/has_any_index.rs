//! `has_any_index`: The position of the first of several terms that a text has; -1 if it has none.

use super::{Function, Returns, array, count, text};
use crate::context::Context;
use crate::text::{Search, TextOperator};
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "has_any_index",
    aliases: &[],
    signature: "text:string, terms:dynamic",
    returns: Returns::Kind(Kind::Long),
    summary: "The position of the first of several terms that a text has; -1 if it has none.",
    example: ("has_any_index('a quick fox', dynamic(['dog','fox']))", "1"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let Some(terms) = array(arguments, 1) else { return Value::Long(-1) };
    let text = text(arguments, 0, context);
    let has = TextOperator { search: Search::Has, case_sensitive: false, negated: false };
    terms
        .iter()
        .position(|term| has.holds(&text, &super::to_text(term, context)))
        .map_or(Value::Long(-1), count)
}
