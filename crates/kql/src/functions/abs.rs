//! `abs`: The distance from zero.

use super::{Function, Returns, to_real, value};
use crate::context::Context;
use crate::value::Value;

pub(super) const FUNCTION: &Function = &Function {
    name: "abs",
    aliases: &[],
    signature: "number:any",
    returns: Returns::Argument(0),
    summary: "The distance from zero.",
    example: ("abs(-5)", "5"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match value(arguments, 0) {
        Value::Long(number) => number.checked_abs().into(),
        Value::Timespan(ticks) => ticks.checked_abs().map_or(Value::Null, Value::Timespan),
        other => to_real(other).map(f64::abs).into(),
    }
}
