//! The inside of literals: strings with their escapes, numbers with their units, and `kind(text)`.

use super::TokenKind;
use crate::time;
use crate::value::{Kind, Value, parse_guid};
use std::sync::Arc;

/// Whether a name before `(` may be a literal of that kind.
pub(super) fn holds_text(name: &str) -> bool {
    kind(name).is_some()
}

/// Whether it is never anything else.
pub(super) fn always_literal(name: &str) -> bool {
    kind(name).is_some()
}

fn kind(name: &str) -> Option<Kind> {
    // Only as the language writes them: a column may well be called `Date`. Strings and dynamics have syntax of their own.
    if name == "boolean" || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    Kind::from_name(name).filter(|kind| !matches!(kind, Kind::String | Kind::Dynamic))
}

/// Reads up to the closing parenthesis: the value, its kind and how many bytes that was.
pub(super) fn read(name: &str, inside: &str) -> Option<(Value, Kind, usize)> {
    let kind = kind(name)?;
    let end = inside.find(')')?;
    let text = inside.get(..end)?.trim();
    let text = ['"', '\''].iter().find_map(|quote| unquoted(text, *quote)).unwrap_or(text);
    if text == "null" {
        return Some((Value::Null, kind, end + 1));
    }
    let value = match kind {
        Kind::Bool => match text {
            "true" | "True" | "1" => Value::Bool(true),
            "false" | "False" | "0" => Value::Bool(false),
            _ => return None,
        },
        Kind::Int => Value::Long(i64::from(integer(text).and_then(|value| i32::try_from(value).ok())?)),
        Kind::Long => Value::Long(integer(text)?),
        Kind::Real | Kind::Decimal => Value::Real(match text {
            "nan" | "NaN" => f64::NAN,
            "+inf" | "inf" => f64::INFINITY,
            "-inf" => f64::NEG_INFINITY,
            _ if text.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')) => return None,
            _ => text.parse().ok()?,
        }),
        Kind::Datetime => Value::Datetime(time::parse_datetime(text)?),
        Kind::Timespan => Value::Timespan(time::parse_timespan(text)?),
        Kind::Guid => Value::Guid(parse_guid(text)?),
        Kind::String | Kind::Dynamic => return None,
    };
    Some((value, kind, end + 1))
}

fn unquoted(text: &str, quote: char) -> Option<&str> {
    text.strip_prefix(quote)?.strip_suffix(quote)
}

/// A whole number in decimal or hexadecimal digits.
fn integer(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(u64::cast_signed),
        None => text.parse().ok(),
    }
}

/// A number and what follows it without a blank.
pub(super) fn number(digits: &str, suffix: &str, real: bool) -> TokenKind {
    if suffix.is_empty() {
        if real {
            return digits.parse().map_or_else(
                |_| TokenKind::Broken("this is not a number".to_owned()),
                |value| TokenKind::Literal(Value::Real(value), Kind::Real),
            );
        }
        return digits.parse().map_or_else(
            |_| TokenKind::Broken("this number is too large for a long".to_owned()),
            |value| TokenKind::Literal(Value::Long(value), Kind::Long),
        );
    }
    let Some(unit) = time::unit(suffix) else {
        return TokenKind::Broken(format!("`{suffix}` is not a unit of time"));
    };
    let ticks = digits.parse::<f64>().ok().and_then(|number| time::scaled(number, unit));
    ticks.map_or_else(
        || TokenKind::Broken("this timespan is too long".to_owned()),
        |ticks| TokenKind::Literal(Value::Timespan(ticks), Kind::Timespan),
    )
}

/// A verbatim string, behind its quote: a doubled quote is one. With how many bytes it was.
pub(super) fn verbatim(inside: &str, quote: char) -> (TokenKind, usize) {
    let mut text = String::new();
    let mut letters = inside.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            text.push(letter);
        } else if letters.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return (TokenKind::Text(Arc::from(text)), at + 1);
        }
    }
    (TokenKind::Broken("the string does not end".to_owned()), inside.len())
}

/// A string with escapes, behind its quote, with how many bytes it was. It ends on its line.
pub(super) fn escaped(inside: &str, quote: char) -> (TokenKind, usize) {
    let mut text = String::new();
    let mut broken = None;
    let mut letters = inside.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\n' => return (TokenKind::Broken("the string does not end on its line".to_owned()), at),
            '\\' => match escape(&mut letters) {
                Some(letter) => text.push(letter),
                None => broken = Some("the string has an escape that is none".to_owned()),
            },
            _ if letter == quote => {
                let kind = broken.map_or_else(|| TokenKind::Text(Arc::from(text)), TokenKind::Broken);
                return (kind, at + 1);
            }
            _ => text.push(letter),
        }
    }
    (TokenKind::Broken("the string does not end".to_owned()), inside.len())
}

fn escape(letters: &mut std::str::CharIndices<'_>) -> Option<char> {
    let mut ahead = letters.clone();
    let (_, letter) = ahead.next()?;
    let found = match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        '0'..='7' => octal(letter, &mut ahead)?,
        '\\' | '\'' | '"' => letter,
        'x' => hexadecimal(&mut ahead, 2)?,
        'u' => hexadecimal(&mut ahead, 4)?,
        'U' => hexadecimal(&mut ahead, 8)?,
        _ => return None,
    };
    *letters = ahead;
    Some(found)
}

/// Up to three octal digits, the first of which is there already.
fn octal(first: char, letters: &mut std::str::CharIndices<'_>) -> Option<char> {
    let mut number = first.to_digit(8)?;
    for _ in 0..2 {
        let Some(digit) = letters.clone().next().and_then(|(_, letter)| letter.to_digit(8)) else { break };
        letters.next();
        number = number * 8 + digit;
    }
    char::from_u32(number)
}

fn hexadecimal(letters: &mut std::str::CharIndices<'_>, length: usize) -> Option<char> {
    let mut number = 0u32;
    for _ in 0..length {
        number = number.checked_mul(16)?.checked_add(letters.next()?.1.to_digit(16)?)?;
    }
    char::from_u32(number)
}
