//! `ago`: The present less a span.

use super::{Function, Returns, point, to_timespan, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "ago",
    aliases: &[],
    signature: "span:timespan",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The present less a span.",
    example: ("now() - ago(1h)", r#""01:00:00""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    point(to_timespan(value(arguments, 0)).and_then(|span| context.now.checked_sub(span)))
}
