//! Changes that wait for the next mail.

use crate::Error;
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

/// A change that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct DigestEntry {
    /// Of which resource.
    pub resource: String,
    /// When it was noted.
    pub at: Timestamp,
    /// What the mail says of it.
    pub body: Value,
}

/// The changes that wait at a moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Waiting {
    /// The first ones, in the order of their resources.
    pub entries: Vec<DigestEntry>,
    /// How many there are in all.
    pub count: u64,
    /// What was noted later has a greater number.
    pub seen: i64,
}

/// Changes that wait for the next mail, each with the place that it is meant for: a *sink*.
#[async_trait]
pub trait Digests: Send + Sync {
    /// Notes changes: pairs of a resource and what the mail says of it. A later change of a resource takes the place of
    /// the one before, and waits for as long as that.
    async fn note_for_digest(
        &self,
        sink: &str,
        changes: Vec<(String, Value)>,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// Since when the oldest change of a sink waits.
    async fn digest_waits_since(&self, sink: &str) -> Result<Option<Timestamp>, Error>;

    /// The changes that wait.
    async fn digest_entries(&self, sink: &str, limit: usize) -> Result<Waiting, Error>;

    /// Forgets the changes of a sink that were [seen](Waiting::seen); what came later, also to the same resource, waits.
    async fn forget_digest(&self, sink: &str, seen: i64) -> Result<(), Error>;

    /// Forgets the changes of all sinks but these.
    async fn keep_digests_of(&self, sinks: &[String]) -> Result<(), Error>;
}
