//! `hash`: A number that is the same for equal values, from 0 up to a modulus if there is one.

use super::{Function, Returns, hash_of, long, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "hash",
    aliases: &["hash_xxhash64"],
    signature: "value:any, [modulus:long]",
    returns: Returns::Kind(Kind::Long),
    summary: "A number that is the same for equal values, from 0 up to a modulus if there is one.",
    example: ("hash('World')", "1846988464401551951"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let hash = hash_of(value(arguments, 0), context);
    match long(arguments, 1) {
        Some(modulus) => hash.checked_rem_euclid(modulus).into(),
        None => Value::Long(hash),
    }
}
