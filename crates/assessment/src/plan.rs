//! Which plan holds for a registry, how long it costs nothing, and what an image costs after that.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::fmt;
use std::str::FromStr;

/// How long a plan costs nothing after it was switched on for the first time.
pub const TRIAL: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is left of the trial, which began when the plan was switched on for the first time ever: switching it off and
/// on again gives no second one (attack D8). A clock that went back gives no more than the whole.
pub fn trial_left(began: Option<Timestamp>, now: Timestamp) -> SignedDuration {
    let used = began.map_or(SignedDuration::ZERO, |at| now.duration_since(at));
    (TRIAL - used).clamp(SignedDuration::ZERO, TRIAL)
}

/// How a plan is set at one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Whether pushes are scanned.
    pub is_standard: bool,
    /// Whether scopes below must follow.
    pub is_enforced: bool,
}

/// Which plan holds for a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effective {
    /// Whether pushes are scanned.
    pub is_standard: bool,
    /// Whether it is the subscription that says so.
    pub is_inherited: bool,
}

/// The plan of a registry: its own, unless it has none or the subscription enforces its plan.
pub fn effective(subscription: Option<Setting>, own: Option<Setting>) -> Effective {
    let inherited =
        Effective { is_standard: subscription.is_some_and(|plan| plan.is_standard), is_inherited: true };
    match own {
        Some(own) if !subscription.is_some_and(|plan| plan.is_enforced) => {
            Effective { is_standard: own.is_standard, is_inherited: false }
        }
        Some(_) | None => inherited,
    }
}

/// A calendar month in UTC: what an image is charged for once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

/// A text is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no month; write it as 2026-01")]
pub struct MonthError(String);

impl Month {
    /// The month of a moment.
    pub fn of(at: Timestamp) -> Self {
        let date = TimeZone::UTC.to_datetime(at).date();
        Self { year: date.year(), month: date.month() }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let wrong = || MonthError(text.chars().take(20).collect());
        let date: jiff::civil::Date = format!("{text}-01").parse().map_err(|_| wrong())?;
        if text.len() == 7 { Ok(Self { year: date.year(), month: date.month() }) } else { Err(wrong()) }
    }
}

/// What one image costs: an amount in millionths of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    millionths: u64,
    currency: String,
}

/// A text is no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no price; write an amount with at most six decimals and a currency, such as 0.29 USD")]
pub struct PriceError(String);

impl Price {
    /// The currency: `USD`.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// What so many images cost, as a decimal number.
    pub fn of(&self, images: u64) -> String {
        let total = u128::from(self.millionths) * u128::from(images);
        let decimals = format!("{:06}", total % 1_000_000);
        let decimals = decimals.trim_end_matches('0');
        format!("{}.{decimals:0<2}", total / 1_000_000)
    }
}

impl FromStr for Price {
    type Err = PriceError;

    fn from_str(text: &str) -> Result<Self, PriceError> {
        let wrong = || PriceError(text.chars().take(40).collect());
        let (amount, currency) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_currency = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if whole.is_empty() || decimals.len() > 6 || !is_number(whole) || !is_number(decimals) || !is_currency
        {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let decimals: u64 = format!("{decimals:0<6}").parse().map_err(|_| wrong())?;
        let millionths = whole.checked_mul(1_000_000).and_then(|whole| whole.checked_add(decimals));
        Ok(Self { millionths: millionths.ok_or_else(wrong)?, currency: currency.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_trial_runs_out_once() {
        let began = at("2026-01-01T00:00:00Z");
        let days = |now: &str| trial_left(Some(began), at(now)).as_hours() / 24;
        assert_eq!((days("2026-01-01T00:00:00Z"), days("2026-01-11T00:00:00Z")), (30, 20));
        assert_eq!((days("2026-02-01T00:00:00Z"), days("2025-12-01T00:00:00Z")), (0, 30));
        assert_eq!(trial_left(None, began), TRIAL);
    }

    #[test]
    fn a_registry_follows_its_subscription_unless_it_has_its_own_plan() {
        let set = |is_standard, is_enforced| Some(Setting { is_standard, is_enforced });
        for (subscription, own, standard, inherited) in [
            (None, None, false, true),
            (set(true, false), None, true, true),
            (set(true, false), set(false, false), false, false),
            (set(false, false), set(true, false), true, false),
            (set(true, true), set(false, false), true, true),
            (set(false, true), set(true, false), false, true),
        ] {
            let plan = effective(subscription, own);
            assert_eq!(
                (plan.is_standard, plan.is_inherited),
                (standard, inherited),
                "{subscription:?} {own:?}"
            );
        }
    }

    #[test]
    fn a_month_is_that_of_utc() {
        assert_eq!(Month::of(at("2026-01-31T23:59:59.999999Z")).to_string(), "2026-01");
        assert_eq!(Month::of(at("2026-02-01T00:30:00+01:00")).to_string(), "2026-01");
        assert_eq!("2026-12".parse::<Month>().unwrap().to_string(), "2026-12");
        for wrong in ["2026-13", "2026-1", "2026", "2026-01-01", "", "month"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_price_is_exact() {
        let price: Price = "0.29 USD".parse().unwrap();
        assert_eq!((price.of(0), price.of(1), price.of(100)), ("0.00".into(), "0.29".into(), "29.00".into()));
        assert_eq!(price.of(u64::MAX), "5349555781375769968.35");
        assert_eq!("0.000125 EUR".parse::<Price>().unwrap().of(3), "0.000375");
        assert_eq!("2 EUR".parse::<Price>().unwrap().of(2), "4.00");
        for wrong in ["", "0.29", "0.29 usd", "-1 USD", "1. USD x", "0.1234567 USD", "1e3 USD", ".5 USD"] {
            assert!(wrong.parse::<Price>().is_err(), "{wrong}");
        }
    }
}
