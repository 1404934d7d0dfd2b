//! `endofweek`: The last moment of the week; an offset counts weeks.

use super::{Function, Returns, datetime, long, point, start_of_week};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "endofweek",
    aliases: &[],
    signature: "date:datetime, [offset:long]",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The last moment of the week; an offset counts weeks.",
    example: ("endofweek(datetime(2017-01-04))", r#""2017-01-07T23:59:59.9999999Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(ticks) = datetime(arguments, 0) else { return Value::Null };
    let next = long(arguments, 1).unwrap_or(0).saturating_add(1);
    point(start_of_week(ticks, next).map(|ticks| ticks - 1))
}
