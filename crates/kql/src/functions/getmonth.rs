//! `getmonth`: The month of a point in time.

use super::{Function, Returns, datetime};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "getmonth",
    aliases: &["monthofyear"],
    signature: "date:datetime",
    returns: Returns::Kind(Kind::Int),
    summary: "The month of a point in time.",
    example: ("getmonth(datetime(2015-10-12))", "10"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    datetime(arguments, 0).map(|ticks| crate::time::Civil::from_ticks(ticks).month).into()
}
