//! `todatetime`: The value as a point in time, or null.

use super::{Function, Returns, datetime, point};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "todatetime",
    aliases: &[],
    signature: "value:any",
    returns: Returns::Kind(Kind::Datetime),
    summary: "The value as a point in time, or null.",
    example: ("todatetime('2015-12-24')", r#""2015-12-24T00:00:00.0000000Z""#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    point(datetime(arguments, 0))
}
