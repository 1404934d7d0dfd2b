//! `format_bytes`: A number of bytes for a reader, in the unit that fits or in a named one.

use super::{Function, Returns, long, real, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "format_bytes",
    aliases: &[],
    signature: "size:number, [precision:long], [unit:string]",
    returns: Returns::Kind(Kind::String),
    summary: "A number of bytes for a reader, in the unit that fits or in a named one.",
    example: ("format_bytes(10332, 1)", r#""10.1 KB""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];
    let Some(size) = real(arguments, 0) else { return Value::Null };
    let precision = usize::try_from(long(arguments, 1).unwrap_or(0)).unwrap_or(0).min(15);
    let wanted = text(arguments, 2, context);
    let named = UNITS.iter().position(|unit| unit.eq_ignore_ascii_case(&wanted));
    if named.is_none() && !wanted.is_empty() {
        return Value::text("");
    }
    let (mut scaled, mut unit) = (size, 0);
    while named.map_or(scaled.abs() >= 1024.0 && unit + 1 < UNITS.len(), |named| unit < named) {
        scaled /= 1024.0;
        unit += 1;
    }
    let scale = 10f64.powi(i32::try_from(precision).unwrap_or(0));
    let rounded = (scaled * scale).round() / scale;
    // Zeros behind the point are not written.
    let number = format!("{rounded:.precision$}");
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
    format!("{number} {}", UNITS.get(unit).unwrap_or(&"")).into()
}
