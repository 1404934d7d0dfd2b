//! Resource Graph: the tables that queries read, over the store, with the caller's rights below every operator.
//!
//! * [`documents`] words what the store keeps as the resources that Azure's clients know: registries, plans,
//!   assessments, sub-assessments. The REST face and the tables show the same documents.
//! * [`rulebook`] holds the rules and exemptions in force against images and findings, and [`plans`] says which plan
//!   holds for a registry.
//! * [`settlement`] brings the summaries of images to what the rules in force make of them.
//! * [`Below`] reads which part of a registry a resource id names.
//! * [`governance`] says who is to resolve an assessment, and until when; [`automations`] say who is told of changes.
//! * [`score`] sums up in one number how a subscription stands, and [`usage`] says what was charged.
//! * [`Viewer`] says who asks. What they may not see is never read into a table, so that no operator, count or join can
//!   tell of it.
//! * [`run`] runs a query of the Kusto language over the tables.
//!
//! Documents are made when they are asked for and kept nowhere.

mod attached;
pub mod automations;
mod below;
mod census;
mod desk;
pub mod documents;
mod effects;
mod facets;
pub mod governance;
mod narrowed;
pub mod plans;
mod query;
pub mod rulebook;
pub use assessment::rules;
pub mod score;
pub mod settlement;
mod source;
mod tables;
#[cfg(test)]
mod tests;
pub mod usage;
mod viewer;

pub use below::{Below, ImagePlace};
pub use desk::{Desk, Occasion, Quota};
pub use facets::{Facet, FacetFault, Faceted};
pub use query::{Answer, AnswerColumn, GraphError, Settings, run};
pub use tables::{TABLES, Table, absent_tables};
pub use viewer::Viewer;
