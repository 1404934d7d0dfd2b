//! `series_pearson_correlation`: How far two series follow each other, from -1 to 1.

use super::series::{dot, numbers};
use super::{Function, Returns, double};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_pearson_correlation",
    aliases: &[],
    signature: "left:dynamic, right:dynamic",
    returns: Returns::Kind(Kind::Real),
    summary: "How far two series follow each other, from -1 to 1.",
    example: ("series_pearson_correlation(dynamic([1,2,3]), dynamic([2,4,6]))", "1.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let (Some(left), Some(right)) = (numbers(arguments, 0), numbers(arguments, 1)) else {
        return Value::Null;
    };
    let centred = |numbers: &[f64]| -> Vec<f64> {
        let mean = numbers.iter().sum::<f64>() / double(i64::try_from(numbers.len()).unwrap_or(i64::MAX));
        numbers.iter().map(|number| number - mean).collect()
    };
    let (left, right) = (centred(&left), centred(&right));
    match (dot(&left, &right), dot(&left, &left), dot(&right, &right)) {
        (Some(product), Some(left), Some(right)) => {
            Some(product / (left * right).sqrt()).filter(|number| number.is_finite()).into()
        }
        _ => Value::Null,
    }
}
