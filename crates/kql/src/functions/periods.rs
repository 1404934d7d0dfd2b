//! What several functions share about periods of time and addresses.

use crate::time::{Civil, DAY, HOUR, MINUTE, SECOND, day_of_week};

/// The first moment of the day, some days later.
pub(crate) fn start_of_day(ticks: i64, offset: i64) -> Option<i64> {
    (ticks - ticks.rem_euclid(DAY)).checked_add(offset.checked_mul(DAY)?)
}

/// The first moment of the week, which begins on Sunday, some weeks later.
pub(crate) fn start_of_week(ticks: i64, offset: i64) -> Option<i64> {
    start_of_day(ticks, offset.checked_mul(7)?.checked_sub(day_of_week(ticks))?)
}

/// The first moment of the month, some months later.
pub(crate) fn start_of_month(ticks: i64, offset: i64) -> Option<i64> {
    let first = Civil { day: 1, time: 0, ..Civil::from_ticks(ticks) };
    first.add_months(offset).map(Civil::ticks)
}

/// The first moment of the year, some years later.
pub(crate) fn start_of_year(ticks: i64, offset: i64) -> Option<i64> {
    let first = Civil { month: 1, day: 1, time: 0, ..Civil::from_ticks(ticks) };
    first.add_months(offset.checked_mul(12)?).map(Civil::ticks)
}

/// Ticks of a period that is always of one length.
pub(crate) fn period(name: &str) -> Option<i64> {
    Some(match name {
        "week" => 7 * DAY,
        "day" => DAY,
        "hour" => HOUR,
        "minute" => MINUTE,
        "second" => SECOND,
        "millisecond" => SECOND / 1000,
        "microsecond" => SECOND / 1_000_000,
        _ => return None,
    })
}

/// An address and the length of its prefix; 32 if it has none.
pub(crate) fn parse_ipv4(text: &str) -> Option<(u32, u32)> {
    let (address, bits) = text.trim().split_once('/').unwrap_or((text.trim(), "32"));
    let bits = bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?;
    Some((address.parse::<std::net::Ipv4Addr>().ok()?.into(), bits))
}

/// The mask of a prefix.
pub(crate) fn mask(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0)
}
