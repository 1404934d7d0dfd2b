//! `series_fill_backward`: A series with the element behind where one is missing.

use super::series::filled;
use super::{Function, Returns, array, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_fill_backward",
    aliases: &[],
    signature: "series:dynamic, [missing:any]",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "A series with the element behind where one is missing.",
    example: ("series_fill_backward(dynamic([null,1,null]))", "[1,1,null]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(values) = array(arguments, 0) else { return Value::Null };
    let mut values = filled(values.into_iter().rev(), value(arguments, 1));
    values.reverse();
    Value::array(values)
}
