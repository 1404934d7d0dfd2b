//! `now`: The present, and a span from it.

use super::{Function, Returns, point, to_timespan, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "now",
    aliases: &[],
    signature: "[offset:timespan]",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The present, and a span from it.",
    example: ("now() == now()", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    point(context.now.checked_add(to_timespan(value(arguments, 0)).unwrap_or(0)))
}
