//! `make_datetime`: A point in time from its parts.

use super::{Function, Returns, long, point, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "make_datetime",
    aliases: &[],
    signature: "year:long, month:long, day:long, [hour:long], [minute:long], [second:real]",
    returns: Returns::Kind(Kind::Datetime),
    summary: "A point in time from its parts.",
    example: ("make_datetime(2017, 10, 1, 12, 10)", r#""2017-10-01T12:10:00.0000000Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let part = |at: usize| long(arguments, at).unwrap_or(0);
    let seconds = crate::time::scaled(real(arguments, 5).unwrap_or(0.0), crate::time::SECOND);
    let valid = (0..24).contains(&part(3)) && (0..60).contains(&part(4));
    let Some(seconds) = seconds.filter(|ticks| valid && (0..crate::time::MINUTE).contains(ticks)) else {
        return Value::Null;
    };
    let time = part(3) * crate::time::HOUR + part(4) * crate::time::MINUTE + seconds;
    point(crate::time::Civil::new(part(0), part(1), part(2), time).map(crate::time::Civil::ticks))
}
