//! Writing points in time and spans.

use super::{Civil, DAY, HOUR, MINUTE, SECOND};
use std::fmt::Write as _;

/// A point in time as the language prints it, with seven digits behind the point.
pub(crate) fn datetime_text(ticks: i64) -> String {
    let civil = Civil::from_ticks(ticks);
    let time = civil.time;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        civil.year,
        civil.month,
        civil.day,
        time / HOUR,
        time / MINUTE % 60,
        time / SECOND % 60,
        time % SECOND
    )
}

/// A span as the language prints it: `[-][d.]hh:mm:ss[.fffffff]`.
pub(crate) fn timespan_text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let whole = ticks.unsigned_abs();
    let [day, hour, minute, second] = [DAY, HOUR, MINUTE, SECOND].map(i64::unsigned_abs);
    let mut text = sign.to_owned();
    if whole >= day {
        let _ = write!(text, "{}.", whole / day);
    }
    let _ = write!(text, "{:02}:{:02}:{:02}", whole / hour % 24, whole / minute % 60, whole / second % 60);
    if !whole.is_multiple_of(second) {
        let _ = write!(text, ".{:07}", whole % second);
    }
    text
}

/// A run of one letter in a pattern, and the literal text between runs.
enum Piece {
    Run(char, usize),
    Text(char),
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    for letter in pattern.chars() {
        match found.last_mut() {
            Some(Piece::Run(run, length)) if *run == letter => *length += 1,
            _ if letter.is_ascii_alphabetic() => found.push(Piece::Run(letter, 1)),
            _ => found.push(Piece::Text(letter)),
        }
    }
    found
}

fn digits(number: i64, width: usize) -> String {
    format!("{number:0width$}")
}

/// The first digits of the part behind the second; `trim` leaves out zeros at the end.
fn second_fraction(ticks: i64, length: usize, trim: bool) -> String {
    let text: String = digits(ticks % SECOND, 7).chars().take(length).collect();
    if trim { text.trim_end_matches('0').to_owned() } else { text }
}

/// `format_datetime`: nothing if the pattern has a letter that is none of its own.
pub(crate) fn format_datetime(ticks: i64, pattern: &str) -> Option<String> {
    let civil = Civil::from_ticks(ticks);
    let time = civil.time;
    let hour = time / HOUR;
    let mut text = String::new();
    for piece in pieces(pattern) {
        match piece {
            Piece::Text(letter) => text.push(letter),
            Piece::Run('y', 2) => text += &digits(civil.year % 100, 2),
            Piece::Run('y', length @ 1..=5) => text += &digits(civil.year, length),
            Piece::Run('M', length @ 1..=2) => text += &digits(civil.month, length),
            Piece::Run('d', length @ 1..=2) => text += &digits(civil.day, length),
            Piece::Run('H', length @ 1..=2) => text += &digits(hour, length),
            Piece::Run('h', length @ 1..=2) => text += &digits((hour + 11) % 12 + 1, length),
            Piece::Run('m', length @ 1..=2) => text += &digits(time / MINUTE % 60, length),
            Piece::Run('s', length @ 1..=2) => text += &digits(time / SECOND % 60, length),
            Piece::Run('f', length @ 1..=7) => text += &second_fraction(time, length, false),
            Piece::Run('F', length @ 1..=7) => text += &second_fraction(time, length, true),
            Piece::Run('t', 1..=2) => text += if hour < 12 { "AM" } else { "PM" },
            Piece::Run(..) => return None,
        }
    }
    Some(text)
}

/// `format_timespan`: nothing if the pattern has a letter that is none of its own.
pub(crate) fn format_timespan(ticks: i64, pattern: &str) -> Option<String> {
    let time = ticks.checked_abs()?;
    let mut text = if ticks < 0 { "-".to_owned() } else { String::new() };
    for piece in pieces(pattern) {
        match piece {
            Piece::Text(letter) => text.push(letter),
            Piece::Run('d', length @ 1..=8) => text += &digits(time / DAY, length),
            Piece::Run('H' | 'h', length @ 1..=2) => text += &digits(time / HOUR % 24, length),
            Piece::Run('m', length @ 1..=2) => text += &digits(time / MINUTE % 60, length),
            Piece::Run('s', length @ 1..=2) => text += &digits(time / SECOND % 60, length),
            Piece::Run('f', length @ 1..=7) => text += &second_fraction(time, length, false),
            Piece::Run('F', length @ 1..=7) => text += &second_fraction(time, length, true),
            Piece::Run(..) => return None,
        }
    }
    Some(text)
}
