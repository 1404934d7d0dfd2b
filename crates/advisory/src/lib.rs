//! Advisories: reading them from feeds, compiling them to a snapshot, matching packages, classifying what matched.
//!
//! The way of one advisory:
//!
//! 1. [`parse_source`] reads one feed file, plain, packed or an archive of many, and emits [`Record`]s. It runs in a jailed
//!    worker, because feeds are foreign bytes; [`wire`] carries the records out of the jail.
//! 2. [`Compiler`] turns records into one immutable file, a [`Snapshot`], which is mapped into memory and looked
//!    up by ecosystem and package name. Two snapshots are compared with [`changed_packages`], and [`doubts`] says what
//!    speaks against one following another.
//! 3. [`match_package`] judges one package against a snapshot: one [`Match`] for each vulnerability, with a
//!    [`Verdict`] and the [`Evidence`] for it.
//!    [`explain()`] says why one is there or not, and [`vex::apply`] lays over them what the user knows better.
//! 4. [`Snapshot::vulnerability`] gives what there is to show of a match, [`classify()`] its [`Severity`], and
//!    [`remediation()`] the sentence and the command that repair it.
//!
//! The crate is synchronous, has no clock and no randomness, and touches no file but the snapshot.
//! A quirk of a feed becomes a type when the feed is parsed; matching knows no feed by name.
//! What cannot be read is never taken for safe: it becomes [`Verdict::Undetermined`] with its reason.

mod advisory;
mod archive;
mod classify;
mod enrichment;
mod explain;
mod extent;
mod feeds;
mod identifier;
mod matching;
mod name;
mod rating;
mod release;
mod remediation;
mod report;
mod snapshot;
pub mod vex;
pub mod wire;

pub use advisory::{Advisory, AffectedPackage, FixState, Reference, Urgency};
pub use archive::{SourceError, SourceLimits, parse_source};
pub use classify::{Category, Classification, CvssScore, classify};
pub use enrichment::{Enrichment, ExploitPrediction, Exploitation, KnownExploit, Ssvc, TechnicalImpact};
pub use explain::{Consideration, Explanation, explain};
pub use extent::{End, Event, Extent, Range, ranges_of};
pub use feeds::{Emit, FEEDS, Feed, FeedError, HEAD_BYTES, Record, Skip};
pub use identifier::{AdvisoryId, IdentifierError, VulnerabilityId};
pub use matching::{Dropped, Evidence, Match, Owner, Query, Verdict, match_package};
pub use name::normalised_name;
pub use rating::{BaseScore, CvssVersion, Rating, Severity};
pub use remediation::{Remediation, remediation};
pub use report::SourceReport;
pub use snapshot::{
    CompileError, Compiler, Coverage, Doubt, Snapshot, SnapshotCounts, SnapshotError, SnapshotSource,
    SnapshotVersion, SuccessionLimits, VulnerabilityRecord, amended, changed_packages, doubts,
    write_snapshot,
};
pub use vex::VexStatement;
