//! `bin`: The value rounded down to a multiple of a step.

use super::{Function, Returns, point, to_real, value};
use crate::context::Context;
use crate::value::Value;

pub(super) const FUNCTION: &Function = &Function {
    name: "bin",
    aliases: &["floor"],
    signature: "value:summable, step:summable",
    returns: Returns::Argument(0),
    summary: "The value rounded down to a multiple of a step.",
    example: ("bin(4.5, 1)", "4.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match (value(arguments, 0), value(arguments, 1)) {
        (Value::Datetime(ticks), Value::Timespan(step)) if *step > 0 => {
            point(Some(ticks - ticks.rem_euclid(*step)))
        }
        (Value::Timespan(ticks), Value::Timespan(step)) if *step > 0 => {
            ticks.checked_sub(ticks.rem_euclid(*step)).map_or(Value::Null, Value::Timespan)
        }
        (Value::Long(number), Value::Long(step)) if *step > 0 => {
            number.checked_sub(number.rem_euclid(*step)).into()
        }
        (number, step) => match (to_real(number), to_real(step)) {
            (Some(number), Some(step)) if step > 0.0 => Value::Real((number / step).floor() * step),
            _ => Value::Null,
        },
    }
}
