//! What was charged, by subscription, registry and day, with what it costs.
//!
//! Every face shows the same lines: they are made here, out of the ledger and the price. Whoever may read the plan of
//! a subscription sees all that it was charged, also for registries that are gone; whoever may read those of some
//! registries sees these.

use crate::documents::KnownRegistry;
use access::ResourceId;
use assessment::plan::Price;
use jiff::ToSpan;
use jiff::civil::Date;
use store::{RegistryId, Store, SubscriptionId, UsageFilter};

/// What was charged for a registry on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageDay {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The registry's name.
    pub registry: String,
    /// The day, in UTC.
    pub day: Date,
    /// Images that are paid for.
    pub images: u64,
    /// Images that the trial paid for.
    pub in_trial: u64,
    /// What they cost; none where no price is configured.
    pub cost: Option<Cost>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// The amount, as a decimal number.
    pub amount: String,
    /// The currency: `USD`.
    pub currency: String,
}

impl Cost {
    /// What so many images cost.
    pub fn of(price: &Price, images: u64) -> Self {
        Self { amount: price.of(images), currency: price.currency().to_owned() }
    }
}

/// Whose charges somebody may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageScope {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Only those of these registries; none: all of the subscription.
    pub registries: Option<Vec<RegistryId>>,
}

/// Whose charges somebody may read, who may read plans where `may` says so. Subscriptions in which that is nowhere are
/// left out.
///
/// # Errors
/// When the records fail.
pub async fn readable(
    store: &dyn Store,
    may: impl Fn(&ResourceId) -> bool + Send,
) -> Result<Vec<UsageScope>, store::Error> {
    let mut scopes = Vec::new();
    for subscription in store.subscriptions().await? {
        let subscription = subscription.id;
        if ResourceId::subscription_scope(&subscription.to_string()).is_ok_and(|scope| may(&scope)) {
            scopes.push(UsageScope { subscription, registries: None });
            continue;
        }
        let all = store.registries(subscription).await?.into_iter();
        let own = all.filter_map(|registry| KnownRegistry::new(registry).ok());
        let own: Vec<RegistryId> =
            own.filter(|known| may(&known.id)).map(|known| known.registry.id).collect();
        if !own.is_empty() {
            scopes.push(UsageScope { subscription, registries: Some(own) });
        }
    }
    Ok(scopes)
}

/// What was charged from one day to another, both included: by subscription, day and registry. Days on which nothing
/// was charged are left out.
///
/// # Errors
/// When the records fail.
pub async fn by_day(
    store: &dyn Store,
    scopes: Vec<UsageScope>,
    price: Option<&Price>,
    from: Date,
    until: Date,
) -> Result<Vec<UsageDay>, store::Error> {
    let mut days = Vec::new();
    for UsageScope { subscription, registries } in scopes {
        let filter = UsageFilter { subscription, registries, from, until };
        days.extend(store.metered(&filter).await?.into_iter().map(|row| UsageDay {
            subscription,
            registry: row.registry_name,
            day: row.day,
            images: row.images,
            in_trial: row.in_trial,
            cost: price.map(|price| Cost::of(price, row.images)),
        }));
    }
    Ok(days)
}

/// All days together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Images that are paid for.
    pub images: u64,
    /// Images that the trial paid for.
    pub in_trial: u64,
    /// What they cost; none where no price is configured.
    pub cost: Option<Cost>,
}

/// All days together.
pub fn total(days: &[UsageDay], price: Option<&Price>) -> Total {
    let images = days.iter().map(|day| day.images).sum();
    let in_trial = days.iter().map(|day| day.in_trial).sum();
    Total { images, in_trial, cost: price.map(|price| Cost::of(price, images)) }
}

/// Days that can be asked for at once; a longer range is asked for in parts.
pub const MOST_DAYS: i32 = 400;

/// The days that are wanted, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// From this day on, in UTC.
    pub from: Date,
    /// Up to this one.
    pub until: Date,
}

/// Why there is no such range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// A text is no day.
    #[error("`{0}` is no day; write it as 2026-01-31")]
    Day(String),
    /// It ends before it begins.
    #[error("`from` lies after `until`")]
    Order,
    /// It is too long.
    #[error("at most {MOST_DAYS} days can be asked for at once")]
    Length,
}

impl Range {
    /// From the first day of the month of a day up to that day.
    pub fn of_month(today: Date) -> Self {
        Self { from: today.first_of_month(), until: today }
    }

    /// The days that somebody asks for; those of this month where they do not say.
    ///
    /// # Errors
    /// When there are no such days, or too many.
    pub fn parse(from: Option<&str>, until: Option<&str>, today: Date) -> Result<Self, RangeError> {
        let day = |text: Option<&str>, default: Date| match text {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| RangeError::Day(text.to_owned())),
        };
        let month = Self::of_month(today);
        let range = Self { from: day(from, month.from)?, until: day(until, month.until)? };
        if range.from > range.until {
            return Err(RangeError::Order);
        }
        match range.from.checked_add(MOST_DAYS.days()) {
            Ok(last) if range.until <= last => Ok(range),
            _ => Err(RangeError::Length),
        }
    }
}

/// The days as a table of commas. Nothing in it is written by strangers: ids, names of registries, days and numbers.
pub fn csv(days: &[UsageDay]) -> String {
    let mut text = String::from("subscription,registry,day,images,inTrial,amount,currency\r\n");
    for UsageDay { subscription, registry, day, images, in_trial, cost } in days {
        let (amount, currency) = cost.as_ref().map_or(("", ""), |cost| (&*cost.amount, &*cost.currency));
        text.push_str(&format!(
            "{subscription},{registry},{day},{images},{in_trial},{amount},{currency}\r\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_range_is_this_month_unless_somebody_says_otherwise() {
        let today = date(2026, 3, 15);
        let parse = |from: Option<&str>, until: Option<&str>| Range::parse(from, until, today);
        assert_eq!(parse(None, None), Ok(Range { from: date(2026, 3, 1), until: today }));
        let january = Range { from: date(2026, 1, 1), until: date(2026, 1, 31) };
        assert_eq!(parse(Some("2026-01-01"), Some("2026-01-31")), Ok(january));
        for (from, until) in [
            (Some("2026-02-30"), None),
            (Some("2026-03-16"), None),
            (Some("2020-01-01"), None),
            (Some("9999-12-31"), None),
            (None, Some("yesterday")),
        ] {
            assert!(parse(from, until).is_err(), "{from:?} {until:?}");
        }
    }
}
