//! `rand`: A number by chance: from 0 to 1, or a whole one below a limit.

use super::{Function, Returns, double, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "rand",
    aliases: &[],
    signature: "[below:long]",
    returns: Returns::Kind(Kind::Real),
    summary: "A number by chance: from 0 to 1, or a whole one below a limit.",
    example: ("rand() < 1", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    match long(arguments, 0) {
        Some(below) if below > 1 => Value::Real((context.random_fraction() * double(below)).floor()),
        _ => Value::Real(context.random_fraction()),
    }
}
