//! What is kept for a moment: codes that somebody enters or brings along, and marks that something was used up.
//!
//! Several servers on one database must agree about such things, and a restart must not forget them; so they are no
//! matter of one process' memory. Each has an end, and after it nobody sees it any more.
//! Strangers cause them before they have signed in: so they are counted, in all and for whoever caused them.

use crate::Error;
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

/// Something that is kept for a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Transient {
    /// Which of its kind it is; compared byte by byte. Where it is a secret, its hash stands here.
    pub key: String,
    /// Who caused it, as far as it is counted by that.
    pub owner: String,
    /// What it is.
    pub body: Value,
    /// From when on it is no more.
    pub expires_at: Timestamp,
}

/// How many of a kind there may be at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransientBounds {
    /// In all.
    pub all: u32,
    /// Of one owner.
    pub of_owner: u32,
}

/// What became of something that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransientPut {
    /// It is kept.
    Kept,
    /// There is one of its name, which stays as it is.
    Exists,
    /// There are too many, in all or of its owner.
    Full,
}

/// Things that are kept for a moment.
#[async_trait]
pub trait Transients: Send + Sync {
    /// Keeps something, if there is none of its name and there are not too many.
    async fn add_transient(
        &self,
        kind: &'static str,
        transient: Transient,
        bounds: TransientBounds,
        now: Timestamp,
    ) -> Result<TransientPut, Error>;

    /// What has this name.
    async fn transient(
        &self,
        kind: &'static str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Transient>, Error>;

    /// Takes what has this name away. Of several who ask at a time, one gets it.
    async fn take_transient(
        &self,
        kind: &'static str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Transient>, Error>;

    /// Deletes what is over, of every kind. Says how many these were.
    async fn forget_transients(&self, now: Timestamp) -> Result<u64, Error>;
}
