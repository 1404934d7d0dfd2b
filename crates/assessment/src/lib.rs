//! Judgement: the verdict on an image, and what follows from it.
//!
//! This crate is pure: facts in, verdicts out.
//! It does no input or output and reads no clock.
//!
//! * [`assess`] turns [`ImageFacts`] into an [`ImageVerdict`]; [`roll_up`] does so for an index and its images.
//! * [`assess_registry`] says what the images of a registry come to.
//! * [`Cause`] says why an image cannot be assessed, for programs and for people.

mod cause;
mod evidence;
mod registry;
mod verdict;

pub use cause::Cause;
pub use evidence::FindingEvidence;
pub use registry::{RegistryAssessment, RegistryFacts, RegistryState, assess_registry};
pub use verdict::{Child, FeedStanding, ImageFacts, ImageState, ImageVerdict, OutOfSupport, assess, roll_up};
