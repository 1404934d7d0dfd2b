//! `make_timespan`: A span from hours, minutes and seconds, and days in front of them.

use super::{Function, Returns, long, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "make_timespan",
    aliases: &[],
    signature: "hour:long, minute:long, [second:real], [more:real]",
    returns: Returns::Kind(Kind::Timespan),
    summary: "A span from hours, minutes and seconds; with four arguments, from days in front of them.",
    example: ("make_timespan(1, 12, 30)", r#""01:12:30""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    // With four arguments the first is days.
    let shift = usize::from(arguments.len() == 4);
    let part = |at: usize| long(arguments, at).unwrap_or(-1);
    let days = if shift == 1 { part(0) } else { 0 };
    let seconds = crate::time::scaled(real(arguments, 2 + shift).unwrap_or(0.0), crate::time::SECOND);
    match seconds {
        Some(seconds)
            if (0..10_000_000).contains(&days)
                && (0..24).contains(&part(shift))
                && (0..60).contains(&part(1 + shift)) =>
        {
            let clock = part(shift) * crate::time::HOUR + part(1 + shift) * crate::time::MINUTE;
            (days * crate::time::DAY + clock).checked_add(seconds).map_or(Value::Null, Value::Timespan)
        }
        _ => Value::Null,
    }
}
