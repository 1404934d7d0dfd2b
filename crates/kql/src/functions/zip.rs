//! `zip`: The elements of arrays side by side.

use super::{Function, Returns, array};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "zip",
    aliases: &[],
    signature: "array:dynamic, ...",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The elements of arrays side by side.",
    example: ("zip(dynamic([1,2]), dynamic(['a','b']))", r#"[[1,"a"],[2,"b"]]"#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    let arrays: Vec<Vec<Value>> = (0..arguments.len()).filter_map(|at| array(arguments, at)).collect();
    let length = arrays.iter().map(Vec::len).max().unwrap_or(0);
    Value::array(
        (0..length)
            .map(|at| Value::array(arrays.iter().map(|array| array.get(at).cloned().unwrap_or_default()))),
    )
}
