//! `startofmonth`: The first moment of the month; an offset counts months.

use super::{Function, Returns, datetime, long, point, start_of_month};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "startofmonth",
    aliases: &[],
    signature: "date:datetime, [offset:long]",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The first moment of the month; an offset counts months.",
    example: ("startofmonth(datetime(2017-01-17), -1)", r#""2016-12-01T00:00:00.0000000Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(ticks) = datetime(arguments, 0) else { return Value::Null };
    point(start_of_month(ticks, long(arguments, 1).unwrap_or(0)))
}
