//! `format_timespan`: A span, written as a pattern says.

use super::{Function, Returns, text, to_timespan, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "format_timespan",
    aliases: &[],
    signature: "span:timespan, format:string",
    returns: Returns::Kind(Kind::String),
    summary: "A span, written as a pattern says.",
    example: ("format_timespan(1d + 2h, 'd.hh:mm')", r#""1.02:00""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    to_timespan(value(arguments, 0))
        .and_then(|ticks| crate::time::format_timespan(ticks, &text(arguments, 1, context)))
        .into()
}
