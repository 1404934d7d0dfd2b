//! `dayofmonth`: The day of the month.

use super::{Function, Returns, datetime};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "dayofmonth",
    aliases: &[],
    signature: "date:datetime",
    returns: Returns::Kind(Kind::Int),
    summary: "The day of the month.",
    example: ("dayofmonth(datetime(2015-12-14))", "14"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    datetime(arguments, 0).map(|ticks| crate::time::Civil::from_ticks(ticks).day).into()
}
