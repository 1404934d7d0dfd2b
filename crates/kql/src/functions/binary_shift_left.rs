//! `binary_shift_left`: The bits moved to the left.

use super::{Function, Returns, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "binary_shift_left",
    aliases: &[],
    signature: "number:long, bits:long",
    returns: Returns::Kind(Kind::Long),
    summary: "The bits moved to the left.",
    example: ("binary_shift_left(1, 4)", "16"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    match (long(arguments, 0), long(arguments, 1)) {
        (Some(number), Some(bits)) => {
            Value::Long(number.wrapping_shl(u32::try_from(bits.rem_euclid(64)).unwrap_or(0)))
        }
        _ => Value::Null,
    }
}
