//! `datetime_diff`: How many borders of a period lie between two points in time.

use super::{Function, Returns, datetime, period, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "datetime_diff",
    aliases: &[],
    signature: "period:string, later:datetime, earlier:datetime",
    returns: Returns::Kind(Kind::Long),
    summary: "How many borders of a period lie between two points in time.",
    example: ("datetime_diff('day', datetime(2020-01-03), datetime(2020-01-01 23:00))", "2"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let (Some(later), Some(earlier)) = (datetime(arguments, 1), datetime(arguments, 2)) else {
        return Value::Null;
    };
    let months = |ticks: i64| {
        let civil = crate::time::Civil::from_ticks(ticks);
        civil.year * 12 + civil.month - 1
    };
    let by = |length: i64| months(later).div_euclid(length) - months(earlier).div_euclid(length);
    match &*text(arguments, 0, context).to_ascii_lowercase() {
        "year" => Value::Long(by(12)),
        "quarter" => Value::Long(by(3)),
        "month" => Value::Long(by(1)),
        "week" => {
            // Weeks begin on Sunday; the first day of the calendar was a Monday.
            let week = |ticks: i64| (ticks.div_euclid(crate::time::DAY) + 1).div_euclid(7);
            Value::Long(week(later) - week(earlier))
        }
        // The finest tick is 100 ns.
        "nanosecond" => later.checked_sub(earlier).and_then(|ticks| ticks.checked_mul(100)).into(),
        name => period(name).map(|unit| later.div_euclid(unit) - earlier.div_euclid(unit)).into(),
    }
}
