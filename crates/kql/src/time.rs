//! Points in time and spans, in ticks of 100 nanoseconds since the first day of the year 1.
//!
//! The official language counts so, and everything it says about rounding and range follows from it.
//! The calendar is the Gregorian one for all years, there are no leap seconds, and everything is UTC.
//! No clock is read here: the present is an argument of the evaluation.

mod format;
mod parse;

pub(crate) use format::{datetime_text, format_datetime, format_timespan, timespan_text};
pub(crate) use parse::{parse_datetime, parse_timespan, scaled, unit};

/// Ticks of a second.
pub(crate) const SECOND: i64 = 10_000_000;
/// Ticks of a minute.
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// Ticks of an hour.
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// Ticks of a day.
pub(crate) const DAY: i64 = 24 * HOUR;
/// The last tick of the year 9999.
pub(crate) const LAST: i64 = 3_155_378_975_999_999_999;
/// Ticks from the year 1 to the first of January 1970.
pub(crate) const UNIX_EPOCH: i64 = 621_355_968_000_000_000;

/// A point in time taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    /// Ticks since midnight.
    pub(crate) time: i64,
}

/// Days from the first of January of the year 1 to a date.
///
/// The count runs over years that begin in March, so that the leap day is the last of its year.
fn days_from(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    // 306 days lie between the first of March of the year 0 and the first of January of the year 1.
    era * 146_097 + day_of_era - 306
}

/// How many days a month has.
pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Civil {
    /// Takes a point in time apart.
    pub(crate) fn from_ticks(ticks: i64) -> Self {
        let days = ticks.div_euclid(DAY) + 306;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year, month, day, time: ticks.rem_euclid(DAY) }
    }

    /// A valid date and a time of day; nothing outside the years 1 to 9999.
    pub(crate) fn new(year: i64, month: i64, day: i64, time: i64) -> Option<Self> {
        let valid = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month)
            && (0..DAY).contains(&time);
        valid.then_some(Self { year, month, day, time })
    }

    /// Puts it together again.
    pub(crate) fn ticks(self) -> i64 {
        days_from(self.year, self.month, self.day) * DAY + self.time
    }

    /// Days since the first of January, from 1.
    pub(crate) fn day_of_year(self) -> i64 {
        days_from(self.year, self.month, self.day) - days_from(self.year, 1, 1) + 1
    }

    /// So many months later; the day is cut to the length of the month.
    pub(crate) fn add_months(self, months: i64) -> Option<Self> {
        let count = self.year.checked_mul(12)?.checked_add(self.month - 1)?.checked_add(months)?;
        let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
        if !(1..=9999).contains(&year) {
            return None;
        }
        Self::new(year, month, self.day.min(days_in_month(year, month)), self.time)
    }
}

/// The day of the week of a point in time; Sunday is 0.
pub(crate) fn day_of_week(ticks: i64) -> i64 {
    // The first of January of the year 1 was a Monday.
    (ticks.div_euclid(DAY) + 1).rem_euclid(7)
}

/// The week of the year as ISO 8601 counts it, with the year it belongs to.
pub(crate) fn iso_week(ticks: i64) -> i64 {
    let weekday_from_monday = (day_of_week(ticks) + 6) % 7;
    let thursday = ticks.saturating_add((3 - weekday_from_monday) * DAY);
    (Civil::from_ticks(thursday).day_of_year() - 1) / 7 + 1
}

/// A point in time, if it lies in the years 1 to 9999.
pub(crate) fn in_range(ticks: i64) -> Option<i64> {
    (0..=LAST).contains(&ticks).then_some(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_thousand_years_survives_being_taken_apart() {
        for day in (0..LAST / DAY).step_by(13) {
            let ticks = day * DAY + 12_345;
            assert_eq!(Civil::from_ticks(ticks).ticks(), ticks);
        }
    }

    #[test]
    fn the_fixed_points_are_where_they_belong() {
        assert_eq!(Civil::new(1970, 1, 1, 0).unwrap().ticks(), UNIX_EPOCH);
        assert_eq!(Civil::new(9999, 12, 31, DAY - 1).unwrap().ticks(), LAST);
        assert_eq!(day_of_week(Civil::new(2024, 2, 29, 0).unwrap().ticks()), 4);
        assert_eq!(iso_week(Civil::new(2021, 1, 3, 0).unwrap().ticks()), 53);
        assert_eq!(Civil::new(2023, 2, 29, 0), None);
    }
}
