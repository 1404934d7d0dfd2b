//! `assert`: True; the query ends with the message where the condition does not hold.

use super::{Function, Returns, text, to_bool, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "assert",
    aliases: &[],
    signature: "condition:bool, message:string",
    returns: Returns::Kind(Kind::Bool),
    summary: "True; the query ends with the message where the condition does not hold.",
    example: ("assert(1 < 2, 'no order')", "true"),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    if to_bool(value(arguments, 0)) == Some(true) {
        return Value::Bool(true);
    }
    let reason = text(arguments, 1, context).into_owned();
    context.fail(crate::EvaluationError::Operator { operator: "assert", reason });
    Value::Null
}
