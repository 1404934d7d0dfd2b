//! What was charged, by subscription, registry and day, with what it costs.
//!
//! Every face shows the same lines: they are made here, out of the ledger and the price. Whoever may read the plan of
//! a subscription sees all that it was charged, also for registries that are gone; whoever may read those of some
//! registries sees these.

use crate::documents::KnownRegistry;
use access::ResourceId;
use assessment::plan::Price;
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
