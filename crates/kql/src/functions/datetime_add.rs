//! `datetime_add`: A point in time so many periods later.

use super::{Function, Returns, datetime, long, period, point, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "datetime_add",
    aliases: &[],
    signature: "period:string, amount:long, date:datetime",
    returns: Returns::Kind(Kind::Datetime),
    summary: "A point in time so many periods later.",
    example: ("datetime_add('month', 1, datetime(2020-01-31))", r#""2020-02-29T00:00:00.0000000Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (Some(amount), Some(ticks)) = (long(arguments, 1), datetime(arguments, 2)) else {
        return Value::Null;
    };
    let civil = crate::time::Civil::from_ticks(ticks);
    let months = |count: i64| amount.checked_mul(count).and_then(|count| civil.add_months(count));
    match &*text(arguments, 0, context).to_ascii_lowercase() {
        "year" => point(months(12).map(crate::time::Civil::ticks)),
        "quarter" => point(months(3).map(crate::time::Civil::ticks)),
        "month" => point(months(1).map(crate::time::Civil::ticks)),
        name => point(
            period(name).and_then(|unit| amount.checked_mul(unit)).and_then(|span| ticks.checked_add(span)),
        ),
    }
}
