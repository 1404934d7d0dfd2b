//! `bin_at`: The value rounded down to a multiple of a step, counted from a fixed point.

use super::{Function, Returns, point, to_real, value};
use crate::context::Context;
use crate::value::Value;

pub(super) const FUNCTION: &Function = &Function {
    name: "bin_at",
    aliases: &[],
    signature: "value:any, step:any, fixed:any",
    returns: Returns::Argument(0),
    summary: "The value rounded down to a multiple of a step, counted from a fixed point.",
    example: ("bin_at(6.5, 2.5, 7)", "4.5"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match (value(arguments, 0), value(arguments, 1), value(arguments, 2)) {
        (Value::Datetime(ticks), Value::Timespan(step), Value::Datetime(fixed)) if *step > 0 => {
            point(ticks.checked_sub((ticks - fixed).rem_euclid(*step)))
        }
        (Value::Timespan(ticks), Value::Timespan(step), Value::Timespan(fixed)) if *step > 0 => {
            let rest = ticks.checked_sub(*fixed).map(|distance| distance.rem_euclid(*step));
            rest.and_then(|rest| ticks.checked_sub(rest)).map_or(Value::Null, Value::Timespan)
        }
        (Value::Long(number), Value::Long(step), Value::Long(fixed)) if *step > 0 => {
            let rest = number.checked_sub(*fixed).map(|distance| distance.rem_euclid(*step));
            rest.and_then(|rest| number.checked_sub(rest)).into()
        }
        (number, step, fixed) => match (to_real(number), to_real(step), to_real(fixed)) {
            (Some(number), Some(step), Some(fixed)) if step > 0.0 => {
                Value::Real(((number - fixed) / step).floor() * step + fixed)
            }
            _ => Value::Null,
        },
    }
}
