//! `round`: The number rounded to so many digits.

use super::{Function, Returns, long, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "round",
    aliases: &[],
    signature: "number:number, [precision:long]",
    returns: Returns::Kind(Kind::Real),
    summary: "The number rounded to so many digits.",
    example: ("round(2.1345, 2)", "2.13"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let precision = i32::try_from(long(arguments, 1).unwrap_or(0).clamp(-300, 300)).unwrap_or(0);
    let scale = 10f64.powi(precision);
    real(arguments, 0)
        .map(|number| if number.abs() < 1e15 { (number * scale).round() / scale } else { number })
        .into()
}
