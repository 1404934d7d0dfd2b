//! `getyear`: The year of a point in time.

use super::{Function, Returns, datetime};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "getyear",
    aliases: &["year"],
    signature: "date:datetime",
    returns: Returns::Kind(Kind::Int),
    summary: "The year of a point in time.",
    example: ("getyear(datetime(2015-10-12))", "2015"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    datetime(arguments, 0).map(|ticks| crate::time::Civil::from_ticks(ticks).year).into()
}
