//! `split`: The parts between delimiters, or an array of only one of them.

use super::{Function, Returns, long, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "split",
    aliases: &[],
    signature: "text:any, delimiter:string, [index:long]",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The parts between delimiters, or an array of only one of them.",
    example: ("split('a_b_c', '_')[1]", r#""b""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let delimiter = self::text(arguments, 1, context);
    let parts: Vec<Value> = if delimiter.is_empty() {
        vec![Value::text(&*text)]
    } else {
        text.split(&*delimiter).map(Value::text).collect()
    };
    if arguments.len() < 3 {
        return Value::array(parts);
    }
    let at = long(arguments, 2).and_then(|at| usize::try_from(at).ok());
    Value::array(at.and_then(|at| parts.get(at).cloned()))
}
