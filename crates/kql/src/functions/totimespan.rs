//! `totimespan`: The value as a span of time, or null.

use super::{Function, Returns, to_timespan, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "totimespan",
    aliases: &["totime"],
    signature: "value:any",
    returns: Returns::Kind(Kind::Timespan),
    summary: "The value as a span of time, or null.",
    example: ("totimespan('0.00:01:00')", r#""00:01:00""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    to_timespan(value(arguments, 0)).map_or(Value::Null, Value::Timespan)
}
