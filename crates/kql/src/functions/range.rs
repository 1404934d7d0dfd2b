//! `range`: An array of numbers from one to another.

use super::{Function, Returns, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "range",
    aliases: &[],
    signature: "start:any, stop:any, [step:any]",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "An array of numbers from one to another.",
    example: ("range(1, 7, 3)", "[1,4,7]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let (Some(start), Some(stop)) = (long(arguments, 0), long(arguments, 1)) else { return Value::Null };
    let step = long(arguments, 2).unwrap_or(1);
    if step == 0 {
        return Value::Null;
    }
    let mut values = Vec::new();
    let mut next = Some(start);
    // The official limit of the length.
    while let Some(number) =
        next.filter(|n| values.len() < 1_048_576 && if step > 0 { *n <= stop } else { *n >= stop })
    {
        values.push(Value::Long(number));
        next = number.checked_add(step);
    }
    Value::array(values)
}
