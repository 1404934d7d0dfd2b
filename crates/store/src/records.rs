//! The records: one trait per subject, and [`Store`] as their sum.
//!
//! An implementation is a database. It writes each subject in its own file and passes the conformance suite.

pub(crate) mod additions;
pub(crate) mod attachments;
pub(crate) mod attributes;
pub(crate) mod audit;
pub(crate) mod authorization;
pub(crate) mod catalog;
pub(crate) mod census;
pub(crate) mod collection;
pub(crate) mod custom_assessments;
pub(crate) mod deleted;
pub(crate) mod digests;
pub(crate) mod directory;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod finding_rules;
pub(crate) mod findings;
pub(crate) mod history;
pub(crate) mod imports;
pub(crate) mod lineage;
pub(crate) mod management;
pub(crate) mod manifests;
pub(crate) mod meter;
pub(crate) mod objects;
pub(crate) mod plans;
pub(crate) mod policies;
pub(crate) mod provisioning;
pub(crate) mod pulls;
pub(crate) mod reevaluation;
pub(crate) mod repositories;
pub(crate) mod ruled_census;
pub(crate) mod rules;
pub(crate) mod saved_queries;
pub(crate) mod scans;
pub(crate) mod scoped_tokens;
pub(crate) mod software;
pub(crate) mod summaries;
pub(crate) mod tenancy;
pub(crate) mod transients;
pub(crate) mod upload_parts;
pub(crate) mod uploads;
pub(crate) mod vex;
pub(crate) mod webhooks;

use crate::{
    Additions, Attachments, Attributes, Audit, Authorization, Catalog, Census, Collection, CustomAssessments,
    Deleted, Digests, Documents, Events, FindingRules, Findings, History, Imports, Lineages, Manifests,
    Meter, Objects, Plans, Policies, Provisioning, Pulls, Queue, Reevaluation, Repositories, RuledCensus,
    Rules, SavedQueries, Scans, ScopedTokens, Softwares, Summaries, Tenancy, Transients, UploadParts,
    Uploads, VexReadings, Webhooks,
};

/// Declares [`Store`] as the sum of `$part`s, which whatever has all of them is.
macro_rules! store_of {
    ($($part:ident)*) => {
        /// Everything that is recorded. Used as `Arc<dyn Store>`.
        pub trait Store: $($part +)* {}

        impl<T> Store for T where T: $($part +)* {}
    };
}

store_of! {
    Tenancy
    Repositories
    Manifests
    Attributes
    Catalog
    Collection
    Pulls
    Policies
    Uploads
    UploadParts
    Events
    Webhooks
    ScopedTokens
    Rules
    Deleted
    Digests
    Imports
    Queue
    Scans
    Findings
    Lineages
    Summaries
    FindingRules
    Plans
    Meter
    Audit
    Documents
    Reevaluation
    History
    Census
    RuledCensus
    SavedQueries
    Objects
    Provisioning
    Authorization
    Attachments
    VexReadings
    Additions
    Transients
    CustomAssessments
    Softwares
}
