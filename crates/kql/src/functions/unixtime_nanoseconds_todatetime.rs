//! `unixtime_nanoseconds_todatetime`: The point in time so many nanoseconds after the beginning of 1970.

use super::{Function, Returns, long, point};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "unixtime_nanoseconds_todatetime",
    aliases: &[],
    signature: "nanoseconds:long",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The point in time so many nanoseconds after the beginning of 1970.",
    example: ("unixtime_nanoseconds_todatetime(1546300800000000000)", r#""2019-01-01T00:00:00.0000000Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    point(
        long(arguments, 0)
            .and_then(|nanoseconds| crate::time::UNIX_EPOCH.checked_add(nanoseconds.div_euclid(100))),
    )
}
