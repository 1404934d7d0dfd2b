//! `hash_combine`: Several hashes as one, which depends on their order.

use super::{Function, Returns, combined, long};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "hash_combine",
    aliases: &[],
    signature: "hash:long, other:long, ...",
    returns: Returns::Kind(Kind::Long),
    summary: "Several hashes as one, which depends on their order.",
    example: ("hash_combine(hash('a'), hash('b')) == hash_many('a', 'b')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let mut hashes = (0..arguments.len()).map(|at| long(arguments, at));
    let first = hashes.next().flatten();
    hashes.fold(first, |whole, hash| whole.zip(hash).map(|(whole, hash)| combined(whole, hash))).into()
}
