//! The audit log: who did what, when, from where, and with what result.
//!
//! Entries are added and never changed. History ([`Events`](crate::Events)) tells what happened to content; the audit
//! log tells what was asked, also where it was refused.

use crate::{Error, Page, PageRequest};
use async_trait::async_trait;
use jiff::Timestamp;

/// Something that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// When it was answered.
    pub at: Timestamp,
    /// Who asked; the name that was tried where a sign-in failed, and nobody where none was given.
    pub actor: Option<String>,
    /// The id of who asked, if they signed in.
    pub actor_id: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// Which face was asked: `registry`, `arm`, `directory`, `api`, `portal`, `sign-in`.
    pub face: String,
    /// The method.
    pub method: String,
    /// What it was about: the path, without its query, which may hold secrets of careless clients.
    pub resource: String,
    /// The status of the answer.
    pub status: u16,
    /// The id of the request, as the answer names it.
    pub request: String,
    /// The program that asked, in its own words.
    pub agent: Option<String>,
    /// What else there is to say. No secrets.
    pub detail: Option<String>,
}

/// An entry with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place: later entries have greater numbers.
    pub sequence: i64,
    /// What was asked.
    pub entry: NewAuditEntry,
}

/// Which entries are wanted. Missing values ask for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only what this person asked.
    pub actor: Option<String>,
    /// Only from this moment on.
    pub since: Option<Timestamp>,
    /// Only before this moment.
    pub until: Option<Timestamp>,
    /// Only what was about paths that begin so, without regard to case.
    pub resource: Option<String>,
    /// Only what was refused or failed.
    pub only_failures: bool,
}

/// The audit log.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds an entry and returns its place.
    async fn append_audit(&self, entry: NewAuditEntry) -> Result<i64, Error>;

    /// The entries after a place, in order.
    async fn audit(
        &self,
        filter: &AuditFilter,
        page: PageRequest<i64>,
    ) -> Result<Page<AuditEntry, i64>, Error>;
}
