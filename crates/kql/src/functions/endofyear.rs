//! `endofyear`: The last moment of the year; an offset counts years.

use super::{Function, Returns, datetime, long, point, start_of_year};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "endofyear",
    aliases: &[],
    signature: "date:datetime, [offset:long]",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The last moment of the year; an offset counts years.",
    example: ("endofyear(datetime(2017-03-17))", r#""2017-12-31T23:59:59.9999999Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(ticks) = datetime(arguments, 0) else { return Value::Null };
    let next = long(arguments, 1).unwrap_or(0).saturating_add(1);
    point(start_of_year(ticks, next).map(|ticks| ticks - 1))
}
