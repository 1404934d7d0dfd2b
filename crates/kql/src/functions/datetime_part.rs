//! `datetime_part`: A part of a point in time.

use super::{Function, Returns, datetime, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "datetime_part",
    aliases: &["getdatepart", "datepart"],
    signature: "part:string, date:datetime",
    returns: Returns::Kind(Kind::Int),
    summary: "A part of a point in time.",
    example: ("datetime_part('hour', datetime(2017-10-30 01:02))", "1"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let Some(ticks) = datetime(arguments, 1) else { return Value::Null };
    let civil = crate::time::Civil::from_ticks(ticks);
    let name = text(arguments, 0, context).to_ascii_lowercase();
    Value::Long(match name.as_str() {
        "year" => civil.year,
        "quarter" => (civil.month - 1) / 3 + 1,
        "month" => civil.month,
        "week_of_year" | "weekofyear" => crate::time::iso_week(ticks),
        "day" => civil.day,
        "dayofyear" => civil.day_of_year(),
        "hour" => civil.time / crate::time::HOUR,
        "minute" => civil.time / crate::time::MINUTE % 60,
        "second" => civil.time / crate::time::SECOND % 60,
        "millisecond" => civil.time / 10_000 % 1000,
        "microsecond" => civil.time / 10 % 1_000_000,
        "nanosecond" => civil.time % crate::time::SECOND * 100,
        _ => return Value::Null,
    })
}
