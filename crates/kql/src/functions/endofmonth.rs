//! `endofmonth`: The last moment of the month; an offset counts months.

use super::{Function, Returns, datetime, long, point, start_of_month};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "endofmonth",
    aliases: &[],
    signature: "date:datetime, [offset:long]",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The last moment of the month; an offset counts months.",
    example: ("endofmonth(datetime(2016-02-10))", r#""2016-02-29T23:59:59.9999999Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(ticks) = datetime(arguments, 0) else { return Value::Null };
    let next = long(arguments, 1).unwrap_or(0).saturating_add(1);
    point(start_of_month(ticks, next).map(|ticks| ticks - 1))
}
