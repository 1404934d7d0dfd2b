//! `startofday`: The first moment of the day; an offset counts days.

use super::{Function, Returns, datetime, long, point, start_of_day};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "startofday",
    aliases: &[],
    signature: "date:datetime, [offset:long]",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The first moment of the day; an offset counts days.",
    example: ("startofday(datetime(2017-01-01 10:10))", r#""2017-01-01T00:00:00.0000000Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(ticks) = datetime(arguments, 0) else { return Value::Null };
    point(start_of_day(ticks, long(arguments, 1).unwrap_or(0)))
}
