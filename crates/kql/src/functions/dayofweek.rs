//! `dayofweek`: The days since Sunday, as a span.

use super::{Function, Returns, datetime};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "dayofweek",
    aliases: &[],
    signature: "date:datetime",
    returns: Returns::Kind(Kind::Timespan),
    summary: "The days since Sunday, as a span.",
    example: ("dayofweek(datetime(2015-12-14))", r#""1.00:00:00""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    datetime(arguments, 0)
        .map_or(Value::Null, |ticks| Value::Timespan(crate::time::day_of_week(ticks) * crate::time::DAY))
}
