//! The meter: what is charged, once for each image, subscription and calendar month.
//!
//! It is a ledger: entries are added and never changed, and adding one twice changes nothing. So retries, crashes,
//! many tags and repositories, plans that go off and on, and clocks that go back never charge an image twice in a
//! month (attack D8).

use crate::{Error, RegistryId, SubscriptionId};
use assessment::plan::Month;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use oci::{Digest, RepositoryName};

/// An image that is to be charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Who pays.
    pub subscription: SubscriptionId,
    /// For which image.
    pub digest: Digest,
    /// In which registry it was scanned first.
    pub registry: RegistryId,
    /// In which repository.
    pub repository: RepositoryName,
    /// Whether the plan's trial was still running.
    pub in_trial: bool,
    /// When: it decides the month and the day, in UTC.
    pub at: Timestamp,
}

/// What became of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charged {
    /// It was entered.
    Now,
    /// The image was charged in this month before.
    Before,
}

/// Which part of the ledger is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageFilter {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Only these registries; all where none are named. The caller's rights are put here.
    pub registries: Option<Vec<RegistryId>>,
    /// From this day on.
    pub from: Date,
    /// Up to this day, which is included.
    pub until: Date,
}

/// How many images of a registry were charged on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// The registry.
    pub registry: RegistryId,
    /// Its name, as it was then.
    pub registry_name: String,
    /// The day, in UTC.
    pub day: Date,
    /// Images that are paid for.
    pub images: u64,
    /// Images that the trial paid for.
    pub in_trial: u64,
}

/// The ledger.
#[async_trait]
pub trait Meter: Send + Sync {
    /// Enters a charge, unless the image was charged in this month before.
    async fn charge(&self, charge: Charge) -> Result<Charged, Error>;

    /// Whether an image was charged in a month.
    async fn is_charged(
        &self,
        subscription: SubscriptionId,
        month: Month,
        digest: &Digest,
    ) -> Result<bool, Error>;

    /// What was charged, by day and registry.
    async fn metered(&self, filter: &UsageFilter) -> Result<Vec<UsageRow>, Error>;
}
