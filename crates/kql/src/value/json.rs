//! Values as JSON, and JSON as values.
//!
//! Reading is bounded in depth by the JSON parser; writing is bounded in bytes by the caller, because a value that is
//! small in memory (the same array ten times in an array, ten times over) may be huge when written.

use super::{Bag, Value};
use crate::time;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::sync::Arc;

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(value) => Self::Long(value),
                None => number.as_f64().map_or(Self::Null, Self::Real),
            },
            serde_json::Value::String(text) => Self::String(Arc::from(text)),
            serde_json::Value::Array(values) => Self::Array(values.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(members) => Self::Bag(Arc::new(
                members
                    .into_iter()
                    .map(|(name, value)| (Arc::from(name), Self::from(value)))
                    .collect::<Bag>(),
            )),
        }
    }
}

impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Long(value) => Self::from(*value),
            Value::Real(value) => real_json(*value),
            Value::String(text) => Self::String(text.to_string()),
            Value::Datetime(ticks) => Self::String(time::datetime_text(*ticks)),
            Value::Timespan(ticks) => Self::String(time::timespan_text(*ticks)),
            Value::Guid(guid) => Self::String(guid_text(*guid)),
            Value::Array(values) => Self::Array(values.iter().map(Self::from).collect()),
            Value::Bag(bag) => {
                Self::Object(bag.iter().map(|(name, value)| (name.to_string(), Self::from(value))).collect())
            }
        }
    }
}

impl Value {
    /// The value as JSON; times and guids are strings there.
    pub fn to_json(&self) -> serde_json::Value {
        self.into()
    }
}

/// JSON has no infinities; they are written as the strings that the language uses.
fn real_json(value: f64) -> serde_json::Value {
    serde_json::Number::from_f64(value)
        .map_or_else(|| serde_json::Value::String(real_text(value)), serde_json::Value::Number)
}

/// A double as `tostring` writes it: whole numbers keep one digit behind the point.
pub(crate) fn real_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if value != 0.0 && (value.abs() >= 1e16 || value.abs() < 1e-5) {
        format!("{value:e}")
    } else {
        let text = value.to_string();
        if text.contains('.') { text } else { text + ".0" }
    }
}

/// A guid with its hyphens, in small letters.
pub(crate) fn guid_text(guid: u128) -> String {
    let digits = format!("{guid:032x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// A guid from its digits, with or without hyphens and braces.
pub(crate) fn parse_guid(text: &str) -> Option<u128> {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let hyphens: Vec<usize> =
        text.bytes().enumerate().filter(|(_, b)| *b == b'-').map(|(at, _)| at).collect();
    if !hyphens.is_empty() && hyphens != [8, 13, 18, 23] {
        return None;
    }
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok()
}

/// What a JSON text says; nothing if it is not JSON. Names keep the order in which they are written.
pub(crate) fn parse_json(text: &str) -> Option<Value> {
    serde_json::from_str::<Parsed>(text).ok().map(|parsed| parsed.0)
}

/// A value that is read from JSON.
struct Parsed(Value);

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading).map(Parsed)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Long(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        // What is too large for a long is a double.
        Ok(i64::try_from(value).map_or_else(|_| serde_json::Value::from(value).into(), Value::Long))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Parsed(value)) = elements.next_element()? {
            values.push(value);
        }
        Ok(Value::array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut bag = Bag::new();
        while let Some((name, Parsed(value))) = members.next_entry::<String, Parsed>()? {
            bag.insert(name.into(), value);
        }
        Ok(Value::Bag(Arc::new(bag)))
    }
}

/// The value as compact JSON text; nothing if it is longer than `limit` bytes.
pub(crate) fn to_json_text(value: &Value, limit: usize) -> Option<String> {
    let mut text = String::new();
    write(value, &mut text, limit).then_some(text)
}

fn write(value: &Value, text: &mut String, limit: usize) -> bool {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Long(value) => text.push_str(&value.to_string()),
        Value::Real(value) if value.is_finite() => text.push_str(&real_text(*value)),
        Value::Real(value) => quote(&real_text(*value), text),
        Value::String(string) => {
            if text.len().saturating_add(string.len()) > limit {
                return false;
            }
            quote(string, text);
        }
        Value::Datetime(ticks) => quote(&time::datetime_text(*ticks), text),
        Value::Timespan(ticks) => quote(&time::timespan_text(*ticks), text),
        Value::Guid(guid) => quote(&guid_text(*guid), text),
        Value::Array(values) => {
            text.push('[');
            for (position, value) in values.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                if !write(value, text, limit) {
                    return false;
                }
            }
            text.push(']');
        }
        Value::Bag(bag) => {
            text.push('{');
            for (position, (name, value)) in bag.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                quote(name, text);
                text.push(':');
                if !write(value, text, limit) {
                    return false;
                }
            }
            text.push('}');
        }
    }
    text.len() <= limit
}

fn quote(string: &str, text: &mut String) {
    text.push('"');
    for letter in string.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if u32::from(control) < 0x20 => text.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_survives_a_round_trip() {
        for text in [r#"{"b":[1,2.5,"x\n",null,true],"a":{}}"#, "[]", "\"\"", "-7"] {
            assert_eq!(to_json_text(&parse_json(text).unwrap(), 1000).unwrap(), text);
        }
    }

    #[test]
    fn what_is_longer_than_the_limit_is_not_written() {
        let mut value = Value::text("0123456789");
        for _ in 0..40 {
            value = Value::array([value.clone(), value]);
        }
        assert_eq!(to_json_text(&value, 10_000), None);
    }

    #[test]
    fn a_guid_has_its_hyphens_in_place_or_none() {
        let text = "74be27de-1e4e-49d9-b579-fe0b331d3642";
        assert_eq!(guid_text(parse_guid(text).unwrap()), text);
        assert!(parse_guid("74be27de1e4e49d9b579fe0b331d3642").is_some());
        assert!(parse_guid("74be-27de1e4e49d9b579fe0b331d3642").is_none());
        assert!(parse_guid("+4be27de1e4e49d9b579fe0b331d3642").is_none());
    }
}
