//! `startofweek`: The first moment of the week; an offset counts weeks.

use super::{Function, Returns, datetime, long, point, start_of_week};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "startofweek",
    aliases: &[],
    signature: "date:datetime, [offset:long]",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The first moment of the week; an offset counts weeks.",
    example: ("startofweek(datetime(2017-01-04))", r#""2017-01-01T00:00:00.0000000Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(ticks) = datetime(arguments, 0) else { return Value::Null };
    point(start_of_week(ticks, long(arguments, 1).unwrap_or(0)))
}
