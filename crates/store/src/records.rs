//! The records: one trait per subject, and [`Store`] as their sum.
//!
//! An implementation is a database. It writes each subject in its own file and passes the conformance suite.

pub(crate) mod attributes;
pub(crate) mod authorization;
pub(crate) mod catalog;
pub(crate) mod census;
pub(crate) mod collection;
pub(crate) mod directory;
pub(crate) mod events;
pub(crate) mod findings;
pub(crate) mod history;
pub(crate) mod lineage;
pub(crate) mod management;
pub(crate) mod manifests;
pub(crate) mod objects;
pub(crate) mod policies;
pub(crate) mod provisioning;
pub(crate) mod pulls;
pub(crate) mod reevaluation;
pub(crate) mod repositories;
pub(crate) mod saved_queries;
pub(crate) mod scans;
pub(crate) mod summaries;
pub(crate) mod tenancy;
pub(crate) mod upload_parts;
pub(crate) mod uploads;

use crate::{
    Attributes, Authorization, Catalog, Census, Collection, Events, Findings, History, Lineages, Manifests,
    Objects, Policies, Provisioning, Pulls, Queue, Reevaluation, Repositories, SavedQueries, Scans,
    Summaries, Tenancy, UploadParts, Uploads,
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
    + UploadParts
    + Events
    + Queue
    + Scans
    + Findings
    + Lineages
    + Summaries
    + Reevaluation
    + History
    + Census
    + SavedQueries
    + Objects
    + Provisioning
    + Authorization
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
        + UploadParts
        + Events
        + Queue
        + Scans
        + Findings
        + Lineages
        + Summaries
        + Reevaluation
        + History
        + Census
        + SavedQueries
        + Objects
        + Provisioning
        + Authorization
{
}
