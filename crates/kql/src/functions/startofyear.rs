//! `startofyear`: The first moment of the year; an offset counts years.

use super::{Function, Returns, datetime, long, point, start_of_year};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "startofyear",
    aliases: &[],
    signature: "date:datetime, [offset:long]",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The first moment of the year; an offset counts years.",
    example: ("startofyear(datetime(2017-03-17))", r#""2017-01-01T00:00:00.0000000Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(ticks) = datetime(arguments, 0) else { return Value::Null };
    point(start_of_year(ticks, long(arguments, 1).unwrap_or(0)))
}
