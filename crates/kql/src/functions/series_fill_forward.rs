//! `series_fill_forward`: A series with the element before where one is missing.

use super::series::filled;
use super::{Function, Returns, array, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_fill_forward",
    aliases: &[],
    signature: "series:dynamic, [missing:any]",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "A series with the element before where one is missing.",
    example: ("series_fill_forward(dynamic([null,1,null]))", "[null,1,1]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(values) = array(arguments, 0) else { return Value::Null };
    Value::array(filled(values.into_iter(), value(arguments, 1)))
}
