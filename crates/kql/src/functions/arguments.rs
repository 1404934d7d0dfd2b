//! Reading arguments: each accessor turns what is there into what is wanted, or says that there is nothing.

use crate::context::Context;
use crate::time;
use crate::value::{Value, guid_text, parse_guid, real_text, to_json_text};
use std::borrow::Cow;

const NOTHING: &Value = &Value::Null;

/// The argument at a position; null if there are fewer.
pub(crate) fn value(arguments: &[Value], at: usize) -> &Value {
    arguments.get(at).unwrap_or(NOTHING)
}

/// The argument as a string, as `tostring` makes it.
pub(crate) fn text<'a>(arguments: &'a [Value], at: usize, context: &Context<'_>) -> Cow<'a, str> {
    to_text(value(arguments, at), context)
}

/// A value as a string: that of null is empty.
pub(crate) fn to_text<'a>(value: &'a Value, context: &Context<'_>) -> Cow<'a, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Long(number) => Cow::Owned(number.to_string()),
        Value::Real(number) => Cow::Owned(real_text(*number)),
        Value::Datetime(ticks) => Cow::Owned(time::datetime_text(*ticks)),
        Value::Timespan(ticks) => Cow::Owned(time::timespan_text(*ticks)),
        Value::Guid(guid) => Cow::Owned(guid_text(*guid)),
        Value::Array(_) | Value::Bag(_) => match to_json_text(value, context.limits.value_bytes) {
            Some(text) => Cow::Owned(text),
            None => {
                context.too_large("tostring");
                Cow::Borrowed("")
            }
        },
    }
}

/// A double cut to a whole number; nothing outside of 64 bits.
pub(crate) fn whole(number: f64) -> Option<i64> {
    if !(number.is_finite() && number.abs() < 9_223_372_036_854_774_784.0) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the bounds were checked above")]
    let whole = number as i64;
    Some(whole)
}

/// A whole number as a double; above 53 bits the nearest one.
pub(crate) fn double(number: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "that is what the conversion means")]
    let double = number as f64;
    double
}

/// A value as a whole number.
pub(crate) fn to_long(value: &Value) -> Option<i64> {
    match value {
        Value::Long(number) | Value::Datetime(number) | Value::Timespan(number) => Some(*number),
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Real(number) => whole(*number),
        Value::String(text) => {
            let text = text.trim();
            match text.strip_prefix("0x") {
                Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
                    u64::from_str_radix(digits, 16).ok().map(u64::cast_signed)
                }
                _ => text.parse::<i64>().ok().or_else(|| to_real(value).and_then(whole)),
            }
        }
        Value::Null | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => None,
    }
}

/// A value as a double.
pub(crate) fn to_real(value: &Value) -> Option<f64> {
    match value {
        Value::Real(number) => Some(*number),
        Value::Long(number) => Some(double(*number)),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::String(text) => match text.trim() {
            "NaN" => Some(f64::NAN),
            text if text.contains(|c: char| c.is_ascii_alphabetic() && c != 'e' && c != 'E') => None,
            text => text.parse().ok(),
        },
        Value::Null
        | Value::Datetime(_)
        | Value::Timespan(_)
        | Value::Guid(_)
        | Value::Array(_)
        | Value::Bag(_) => None,
    }
}

/// A value as a truth value.
pub(crate) fn to_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Long(number) => Some(*number != 0),
        Value::Real(number) => Some(*number != 0.0),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            text => text.parse::<i64>().ok().map(|number| number != 0),
        },
        Value::Null
        | Value::Datetime(_)
        | Value::Timespan(_)
        | Value::Guid(_)
        | Value::Array(_)
        | Value::Bag(_) => None,
    }
}

/// A value as a point in time.
pub(crate) fn to_datetime(value: &Value) -> Option<i64> {
    match value {
        Value::Datetime(ticks) => Some(*ticks),
        Value::Long(ticks) => time::in_range(*ticks),
        Value::String(text) => time::parse_datetime(text),
        _ => None,
    }
}

/// A value as a span of time.
pub(crate) fn to_timespan(value: &Value) -> Option<i64> {
    match value {
        Value::Timespan(ticks) => Some(*ticks),
        Value::Long(ticks) => Some(*ticks),
        Value::String(text) => time::parse_timespan(text),
        _ => None,
    }
}

/// A value as a guid.
pub(crate) fn to_guid(value: &Value) -> Option<u128> {
    match value {
        Value::Guid(guid) => Some(*guid),
        Value::String(text) => parse_guid(text),
        _ => None,
    }
}

/// The argument as a whole number.
pub(crate) fn long(arguments: &[Value], at: usize) -> Option<i64> {
    to_long(value(arguments, at))
}

/// The argument as a double.
pub(crate) fn real(arguments: &[Value], at: usize) -> Option<f64> {
    to_real(value(arguments, at))
}

/// The argument as a point in time.
pub(crate) fn datetime(arguments: &[Value], at: usize) -> Option<i64> {
    to_datetime(value(arguments, at))
}

/// The argument as an array; a string that holds one counts.
pub(crate) fn array(arguments: &[Value], at: usize) -> Option<Vec<Value>> {
    match value(arguments, at) {
        Value::Array(values) => Some(values.to_vec()),
        Value::String(text) if text.trim_start().starts_with('[') => match crate::value::parse_json(text) {
            Some(Value::Array(values)) => Some(values.to_vec()),
            _ => None,
        },
        _ => None,
    }
}

/// The argument as a bag; a string that holds one counts.
pub(crate) fn bag(arguments: &[Value], at: usize) -> Option<std::sync::Arc<crate::value::Bag>> {
    match value(arguments, at) {
        Value::Bag(bag) => Some(bag.clone()),
        Value::String(text) if text.trim_start().starts_with('{') => match crate::value::parse_json(text) {
            Some(Value::Bag(bag)) => Some(bag),
            _ => None,
        },
        _ => None,
    }
}

/// A count of things as a value.
pub(crate) fn count(number: usize) -> Value {
    Value::Long(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A point in time, if it is one.
pub(crate) fn point(ticks: Option<i64>) -> Value {
    ticks.and_then(time::in_range).map_or(Value::Null, Value::Datetime)
}
