//! `replace_strings`: The text with each of several strings replaced by its counterpart, or all of them by one.

use super::{Function, Returns, array, text, to_text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "replace_strings",
    aliases: &[],
    signature: "text:string, lookups:dynamic, replacements:dynamic",
    returns: Returns::Kind(Kind::String),
    summary: "The text with each of several strings replaced by its counterpart, or all of them by one.",
    example: (
        "replace_strings('a cat and a dog', dynamic(['cat','dog']), dynamic(['cow','pig']))",
        r#""a cow and a pig""#,
    ),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let Some(lookups) = array(arguments, 1) else { return Value::Null };
    let replacements = array(arguments, 2);
    let mut whole = text(arguments, 0, context).into_owned();
    for (at, lookup) in lookups.iter().enumerate() {
        let wanted = to_text(lookup, context);
        let replacement = match &replacements {
            Some(values) => values.get(at).map_or_else(Default::default, |value| to_text(value, context)),
            None => text(arguments, 2, context),
        };
        match super::replace_string::replaced(&whole, &wanted, &replacement, context) {
            Some(text) => whole = text,
            None => return context.too_large("replace_strings"),
        }
    }
    whole.into()
}
