//! `format_datetime`: A point in time, written as a pattern says.

use super::{Function, Returns, datetime, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "format_datetime",
    aliases: &[],
    signature: "date:datetime, format:string",
    returns: Returns::Kind(Kind::String),
    summary: "A point in time, written as a pattern says.",
    example: (
        "format_datetime(datetime(2017-01-29 09:00:05), 'yy-MM-dd [HH:mm:ss]')",
        r#""17-01-29 [09:00:05]""#,
    ),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    datetime(arguments, 0)
        .and_then(|ticks| crate::time::format_datetime(ticks, &text(arguments, 1, context)))
        .into()
}
