//! `binary_not`: All bits turned.

use super::{Function, Returns, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "binary_not",
    aliases: &[],
    signature: "number:long",
    returns: Returns::Kind(Kind::Long),
    summary: "All bits turned.",
    example: ("binary_not(0)", "-1"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    long(arguments, 0).map(|number| !number).into()
}
