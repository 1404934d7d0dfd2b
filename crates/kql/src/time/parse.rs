//! Reading points in time and spans.
//!
//! A point in time is ISO 8601 with what the official parser forgives: a blank instead of `T`, missing seconds,
//! any number of digits behind the point, an offset. A span is `[-][d.]hh:mm[:ss[.fffffff]]`, a number of days, or a
//! number with a unit.

use super::{Civil, DAY, HOUR, MINUTE, SECOND, in_range};

/// The months as RFC 1123 writes them.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

fn number(text: &str, most: usize) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Ticks of the digits behind a point; more than seven digits are cut.
fn fraction(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seven: String = digits.chars().chain("0000000".chars()).take(7).collect();
    seven.parse().ok()
}

/// `hh:mm[:ss[.fffffff]]` in ticks, with hours below `hours`.
fn clock(text: &str, hours: i64) -> Option<i64> {
    let mut parts = text.split(':');
    let hour = number(parts.next()?, 6).filter(|hour| *hour < hours)?;
    let minute = number(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let (second, rest) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (whole, digits) = seconds.split_once('.').unwrap_or((seconds, "0"));
            (number(whole, 2).filter(|second| *second < 60)?, fraction(digits)?)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    Some(hour * HOUR + minute * MINUTE + second * SECOND + rest)
}

/// Cuts an offset from UTC off the end of a time of day, in ticks.
fn offset(time: &str) -> Option<(&str, i64)> {
    if let Some(rest) = time.strip_suffix(['Z', 'z']) {
        return Some((rest.trim_end(), 0));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let (rest, zone) = (time.get(..at)?, time.get(at + 1..)?);
    let (hours, minutes) = match zone.split_once(':') {
        Some(parts) => parts,
        None if zone.len() == 4 => (zone.get(..2)?, zone.get(2..)?),
        None => (zone, "0"),
    };
    let ticks = number(hours, 2).filter(|h| *h <= 14)? * HOUR + number(minutes, 2)? * MINUTE;
    Some((rest.trim_end(), if time.as_bytes().get(at) == Some(&b'-') { -ticks } else { ticks }))
}

fn date(text: &str) -> Option<(i64, i64, i64)> {
    let mut parts = text.split(['-', '/']);
    let (first, second, third) = (parts.next()?, parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    match (second, third) {
        (Some(second), Some(third)) if first.len() == 4 => {
            Some((number(first, 4)?, number(second, 2)?, number(third, 2)?))
        }
        // Month, day, year, as the official parser reads slashes.
        (Some(second), Some(third)) if text.contains('/') => {
            Some((number(third, 4)?, number(first, 2)?, number(second, 2)?))
        }
        (Some(second), None) if first.len() == 4 => Some((number(first, 4)?, number(second, 2)?, 1)),
        (None, None) if first.len() == 8 => {
            Some((number(first.get(..4)?, 4)?, number(first.get(4..6)?, 2)?, number(first.get(6..)?, 2)?))
        }
        (None, None) if first.len() == 4 => Some((number(first, 4)?, 1, 1)),
        _ => None,
    }
}

/// `Sat, 8 Nov 2014 15:05:02 GMT`, with or without the day of the week.
fn rfc_1123(text: &str) -> Option<i64> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest).trim();
    let mut parts = text.split_ascii_whitespace();
    let day = number(parts.next()?, 2)?;
    let name = parts.next()?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| Some(*month) == name.get(..3))?;
    let year = parts.next().filter(|year| year.len() == 4).and_then(|year| number(year, 4))?;
    let time = parts.next().map_or(Some(0), |time| clock(time, 24))?;
    Some(Civil::new(year, i64::try_from(month).ok()? + 1, day, time)?.ticks())
}

/// A point in time.
pub(crate) fn parse_datetime(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.len() > 64 || !text.is_ascii() {
        return None;
    }
    if !text.starts_with(|first: char| first.is_ascii_digit()) || text.contains(',') {
        return rfc_1123(text);
    }
    let (day, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?.trim()),
        None => (text, ""),
    };
    let Some((year, month, day)) = date(day) else { return rfc_1123(text) };
    let (time, offset) = offset(time)?;
    let time = if time.is_empty() {
        0
    } else if let Some(hour) = number(time, 2) {
        hour.checked_mul(HOUR)?
    } else {
        clock(time, 24)?
    };
    in_range(Civil::new(year, month, day, time)?.ticks() - offset)
}

/// Ticks of a unit as it stands behind a number: `2h`, `10ms`, `1.5 days`.
pub(crate) fn unit(name: &str) -> Option<i64> {
    Some(match name {
        "d" | "day" | "days" => DAY,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "m" | "min" | "minute" | "minutes" => MINUTE,
        "s" | "sec" | "second" | "seconds" => SECOND,
        "ms" | "milli" | "millis" | "millisec" | "millisecond" | "milliseconds" => 10_000,
        "micro" | "micros" | "microsec" | "microsecond" | "microseconds" => 10,
        "tick" | "ticks" => 1,
        _ => return None,
    })
}

/// A number of units, in ticks; nothing if that is out of range.
pub(crate) fn scaled(number: f64, unit: i64) -> Option<i64> {
    #[expect(clippy::cast_precision_loss, reason = "a unit is far below two to the 53")]
    let ticks = (number * unit as f64).round();
    // Doubles above this do not fit; the bound itself is exact in a double.
    if !ticks.is_finite() || ticks.abs() >= 9_223_372_036_854_774_784.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the bounds were checked above")]
    let ticks = ticks as i64;
    Some(ticks)
}

/// A span of time.
pub(crate) fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() || text.len() > 64 || !text.is_ascii() {
        return None;
    }
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let ticks = if text.contains(':') {
        match text.split_once(':').and_then(|(head, _)| head.split_once('.')) {
            Some((days, _)) => {
                let rest = text.get(days.len() + 1..)?;
                number(days, 8)?.checked_mul(DAY)?.checked_add(clock(rest, 24)?)?
            }
            None => clock(text, 1_000_000)?,
        }
    } else {
        let at = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
        let (digits, name) = text.split_at(at);
        let number: f64 = digits.trim().parse().ok()?;
        scaled(number, if name.is_empty() { DAY } else { unit(&name.to_ascii_lowercase())? })?
    };
    if negative { ticks.checked_neg() } else { Some(ticks) }
}

#[cfg(test)]
mod tests {
    use super::super::{datetime_text, timespan_text};
    use super::*;

    #[test]
    fn points_in_time_are_read_as_people_write_them() {
        for (text, expected) in [
            ("2015-12-31 23:59:59.9", Some("2015-12-31T23:59:59.9000000Z")),
            ("2014-05-25T08:20:03.123456Z", Some("2014-05-25T08:20:03.1234560Z")),
            ("2014-05-25T08:20+02:00", Some("2014-05-25T06:20:00.0000000Z")),
            ("2014-11-08", Some("2014-11-08T00:00:00.0000000Z")),
            ("20141108", Some("2014-11-08T00:00:00.0000000Z")),
            ("12/31/2019", Some("2019-12-31T00:00:00.0000000Z")),
            ("Sat, 8 Nov 2014 15:05:02 GMT", Some("2014-11-08T15:05:02.0000000Z")),
            ("8 Nov 14", None),
            ("2014-13-01", None),
            ("2014-11-08T25:00", None),
            ("0001-01-01T00:00+01:00", None),
            ("", None),
            ("٣", None),
        ] {
            assert_eq!(parse_datetime(text).map(datetime_text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn spans_are_read_in_each_of_their_forms() {
        for (text, expected) in [
            ("1d", Some("1.00:00:00")),
            ("-1.5h", Some("-01:30:00")),
            ("0.12:34:56.7", Some("12:34:56.7000000")),
            ("3.10:00", Some("3.10:00:00")),
            ("15 seconds", Some("00:00:15")),
            ("2", Some("2.00:00:00")),
            ("1:2:3:4", None),
            ("x", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(parse_timespan(text).map(timespan_text).as_deref(), expected, "{text}");
        }
    }
}
