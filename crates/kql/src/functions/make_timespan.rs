//! `make_timespan`: A span from hours, minutes and seconds.

use super::{Function, Returns, long, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "make_timespan",
    aliases: &[],
    signature: "hour:long, minute:long, [second:real]",
    returns: Returns::Kind(Kind::Timespan),
    summary: "A span from hours, minutes and seconds.",
    example: ("make_timespan(1, 12, 30)", r#""01:12:30""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let part = |at: usize| long(arguments, at).unwrap_or(-1);
    let seconds = crate::time::scaled(real(arguments, 2).unwrap_or(0.0), crate::time::SECOND);
    match seconds {
        Some(seconds) if (0..24).contains(&part(0)) && (0..60).contains(&part(1)) => {
            Value::Timespan(part(0) * crate::time::HOUR + part(1) * crate::time::MINUTE + seconds)
        }
        _ => Value::Null,
    }
}
