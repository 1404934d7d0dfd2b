//! `around`: Whether a value is no further from a center than a distance.

use super::{Function, Returns, to_real, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "around",
    aliases: &[],
    signature: "value:any, center:any, delta:any",
    returns: Returns::Kind(Kind::Bool),
    summary: "Whether a value is no further from a center than a distance.",
    example: ("around(7, 5, 3)", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match (value(arguments, 0), value(arguments, 1), value(arguments, 2)) {
        (Value::Datetime(at), Value::Datetime(center), Value::Timespan(delta)) => {
            Value::Bool(at.abs_diff(*center) <= delta.unsigned_abs())
        }
        (Value::Timespan(at), Value::Timespan(center), Value::Timespan(delta)) => {
            Value::Bool(at.abs_diff(*center) <= delta.unsigned_abs())
        }
        (at, center, delta) => match (to_real(at), to_real(center), to_real(delta)) {
            (Some(at), Some(center), Some(delta)) => Value::Bool((at - center).abs() <= delta),
            _ => Value::Null,
        },
    }
}
