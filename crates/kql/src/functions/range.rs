//! `range`: An array of numbers or points in time from one to another.

use super::{Function, Returns, value};
use crate::context::Context;
use crate::value::{Kind, Value};
use std::cmp::Ordering;

pub(super) const FUNCTION: &Function = &Function {
    name: "range",
    aliases: &[],
    signature: "start:any, stop:any, [step:any]",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "An array of numbers or points in time from one to another.",
    example: ("range(1, 7, 3)", "[1,4,7]"),
    evaluate,
};

/// The official limit of the length.
const LONGEST: usize = 1_048_576;

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let (start, stop) = (value(arguments, 0), value(arguments, 1));
    let step = match (value(arguments, 2), start) {
        (Value::Null, Value::Datetime(_) | Value::Timespan(_)) => Value::Timespan(crate::time::HOUR),
        (Value::Null, _) => Value::Long(1),
        (step, _) => step.clone(),
    };
    let direction = match crate::evaluate::compare(&step, &step_of_nothing(&step)) {
        Some(Ordering::Greater) => Ordering::Less,
        Some(Ordering::Less) => Ordering::Greater,
        _ => return Value::Null,
    };
    let mut values = Vec::new();
    let mut next = start.clone();
    while values.len() < LONGEST
        && crate::evaluate::compare(&next, stop).is_some_and(|order| order == direction || order.is_eq())
    {
        let after = crate::evaluate::sum(&next, &step);
        values.push(std::mem::replace(&mut next, after));
    }
    Value::array(values)
}

fn step_of_nothing(step: &Value) -> Value {
    if matches!(step, Value::Timespan(_)) { Value::Timespan(0) } else { Value::Long(0) }
}
