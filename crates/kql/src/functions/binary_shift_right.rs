//! `binary_shift_right`: The bits moved to the right.

use super::{Function, Returns, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "binary_shift_right",
    aliases: &[],
    signature: "number:long, bits:long",
    returns: Returns::Kind(Kind::Long),
    summary: "The bits moved to the right.",
    example: ("binary_shift_right(16, 4)", "1"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match (long(arguments, 0), long(arguments, 1)) {
        (Some(number), Some(bits)) => {
            Value::Long(number.wrapping_shr(u32::try_from(bits.rem_euclid(64)).unwrap_or(0)))
        }
        _ => Value::Null,
    }
}
