//! `series_stats_dynamic`: The smallest and largest element with their places, mean, deviation, variance, sum and length of a series.

use super::{Function, Returns, array, count, double, to_bool, to_real, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_stats_dynamic",
    aliases: &[],
    signature: "series:dynamic, [ignore:bool]",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The smallest and largest element with their places, mean, deviation, variance, sum and length of a series.",
    example: ("series_stats_dynamic(dynamic([1,2,3])).avg", "2.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let Some(values) = array(arguments, 0) else { return Value::Null };
    let all: Vec<Option<f64>> =
        values.iter().map(|value| to_real(value).filter(|number| number.is_finite())).collect();
    if all.is_empty() || (all.contains(&None) && to_bool(value(arguments, 1)) != Some(true)) {
        return Value::Null;
    }
    let numbers: Vec<f64> = all.iter().flatten().copied().collect();
    let length = double(i64::try_from(numbers.len()).unwrap_or(i64::MAX));
    let sum: f64 = numbers.iter().sum();
    let mean = sum / length;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    let variance = if numbers.len() > 1 { squares / (length - 1.0) } else { 0.0 };
    let (min, max) = numbers
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), number| (min.min(*number), max.max(*number)));
    let place =
        |wanted: f64| all.iter().position(|number| *number == Some(wanted)).map_or(Value::Null, count);
    Value::bag([
        ("min", Value::Real(min)),
        ("min_idx", place(min)),
        ("max", Value::Real(max)),
        ("max_idx", place(max)),
        ("avg", Value::Real(mean)),
        ("stdev", Value::Real(variance.sqrt())),
        ("variance", Value::Real(variance)),
        ("sum", Value::Real(sum)),
        ("len", count(all.len())),
    ])
}
