//! `series_fill_const`: A series with a constant where an element is missing.

use super::series::is_missing;
use super::{Function, Returns, array, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_fill_const",
    aliases: &[],
    signature: "series:dynamic, constant:any, [missing:any]",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "A series with a constant where an element is missing.",
    example: ("series_fill_const(dynamic([1,null,3]), 0)", "[1,0,3]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(values) = array(arguments, 0) else { return Value::Null };
    let constant = value(arguments, 1);
    Value::array(
        values.into_iter().map(|value| {
            if is_missing(&value, self::value(arguments, 2)) { constant.clone() } else { value }
        }),
    )
}
