//! `unixtime_seconds_todatetime`: The point in time so many seconds after 1970.

use super::{Function, Returns, point, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "unixtime_seconds_todatetime",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The point in time so many seconds after 1970.",
    example: ("unixtime_seconds_todatetime(1546300800)", r#""2019-01-01T00:00:00.0000000Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let span = real(arguments, 0).and_then(|number| crate::time::scaled(number, crate::time::SECOND));
    point(span.and_then(|span| span.checked_add(crate::time::UNIX_EPOCH)))
}
