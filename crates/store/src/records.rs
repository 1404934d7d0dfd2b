//! The records: one trait per subject, and [`Store`] as their sum.
//!
//! An implementation is a database. It writes each subject in its own file and passes the conformance suite.

pub(crate) mod attributes;
pub(crate) mod catalog;
pub(crate) mod collection;
pub(crate) mod deleted;
pub(crate) mod events;
pub(crate) mod findings;
pub(crate) mod imports;
pub(crate) mod manifests;
pub(crate) mod policies;
pub(crate) mod pulls;
pub(crate) mod repositories;
pub(crate) mod rules;
pub(crate) mod scans;
pub(crate) mod scoped_tokens;
pub(crate) mod summaries;
pub(crate) mod tenancy;
pub(crate) mod uploads;
pub(crate) mod webhooks;

use crate::{
    Attributes, Catalog, Collection, Deleted, Events, Findings, Imports, Manifests, Policies, Pulls, Queue,
    Repositories, Rules, Scans, ScopedTokens, Summaries, Tenancy, Uploads, Webhooks,
};

/// Everything that is recorded. Used as `Arc<dyn Store>`.
pub trait Store:
    Tenancy
    + Repositories
    + Manifests
    + Attributes
    + Catalog
    + Collection
    + Pulls
    + Policies
    + Uploads
    + Events
    + Webhooks
    + ScopedTokens
    + Rules
    + Deleted
    + Imports
    + Queue
    + Scans
    + Findings
    + Summaries
{
}

impl<T> Store for T where
    T: Tenancy
        + Repositories
        + Manifests
        + Attributes
        + Catalog
        + Collection
        + Pulls
        + Policies
        + Uploads
        + Events
        + Webhooks
        + ScopedTokens
        + Rules
        + Deleted
        + Imports
        + Queue
        + Scans
        + Findings
        + Summaries
{
}
