//! `hourofday`: The hour of the day.

use super::{Function, Returns, datetime};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "hourofday",
    aliases: &[],
    signature: "date:datetime",
    returns: Returns::Kind(Kind::Int),
    summary: "The hour of the day.",
    example: ("hourofday(datetime(2015-12-14 18:54))", "18"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    datetime(arguments, 0).map(|ticks| crate::time::Civil::from_ticks(ticks).time / crate::time::HOUR).into()
}
