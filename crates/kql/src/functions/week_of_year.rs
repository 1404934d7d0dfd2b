//! `week_of_year`: The week of the year, as ISO 8601 counts it.

use super::{Function, Returns, datetime};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "week_of_year",
    aliases: &["weekofyear"],
    signature: "date:datetime",
    returns: Returns::Kind(Kind::Int),
    summary: "The week of the year, as ISO 8601 counts it.",
    example: ("week_of_year(datetime(2020-12-31))", "53"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    datetime(arguments, 0).map(crate::time::iso_week).into()
}
