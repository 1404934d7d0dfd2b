//! Judgement: the verdict on an image, and what follows from it.
//!
//! This crate is pure: facts in, verdicts out.
//! It does no input or output and reads no clock.
//!
//! * [`assess`] turns [`ImageFacts`] into an [`ImageVerdict`]; [`roll_up`] does so for an index and its images.
//! * [`assess_registry`] says what the images of a registry come to.
//! * [`Cause`] says why an image cannot be assessed, for programs and for people.
//! * [`rules`] says which findings do not count, because somebody decided so.
//! * [`automation`] says which changes somebody wants to be told of.
//! * [`plan`] says which plan holds for a registry, and how long it costs nothing.

pub mod automation;
mod cause;
mod evidence;
pub mod plan;
mod registry;
pub mod rules;
mod verdict;

pub use cause::Cause;
pub use evidence::{FindingEvidence, FindingTraits};
pub use registry::{RegistryAssessment, RegistryFacts, RegistryState, assess_registry};
pub use verdict::{Child, FeedStanding, ImageFacts, ImageState, ImageVerdict, OutOfSupport, assess, roll_up};
