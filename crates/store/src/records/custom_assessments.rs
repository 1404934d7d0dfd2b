//! Assessments that people and programs make themselves, and the kinds that they are of.
//!
//! A kind belongs to a subscription, and its name is that of its assessments. There may be one for each image, so that
//! assessments are read page by page. With a kind, a registry, a group or an image go the assessments of it.

use crate::{Actor, Error, Page, PageRequest, SubscriptionId};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// More kinds than this are not kept in a subscription. They are read as a whole.
pub const MOST_ASSESSMENT_KINDS: usize = 500;

/// More assessments than this are not kept in a subscription.
pub const MOST_CUSTOM_ASSESSMENTS: u64 = 200_000;

/// A kind of assessment.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessmentKind {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Its name there, without regard to case.
    pub name: String,
    /// What it says. The store does not read it.
    pub body: Value,
    /// Who last put it.
    pub author: Actor,
    /// When it was put for the first time.
    pub created_at: Timestamp,
    /// When it was last put.
    pub changed_at: Timestamp,
}

/// What became of a kind that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssessmentKindPut {
    /// It is new.
    Created,
    /// It takes the place of one of the same name; its assessments stay.
    Replaced,
    /// The subscription has [as many](MOST_ASSESSMENT_KINDS) as it may.
    TooMany,
}

/// An assessment that somebody makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAssessment {
    /// The subscription that has its kind.
    pub subscription: SubscriptionId,
    /// What is assessed, by its resource id. Without regard to case.
    pub scope: String,
    /// The name of its kind. Without regard to case.
    pub name: String,
    /// `Healthy`, `Unhealthy` or `NotApplicable`.
    pub code: String,
    /// Why, in a word; may be empty.
    pub cause: String,
    /// Why, for people; may be empty.
    pub description: String,
    /// Whatever else is to be said.
    pub additional: BTreeMap<String, String>,
    /// Who makes it.
    pub author: Actor,
}

/// An assessment that somebody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomAssessment {
    /// What it says.
    pub said: NewAssessment,
    /// When it was put for the first time.
    pub first_at: Timestamp,
    /// When its code last became another one.
    pub status_at: Timestamp,
    /// When it was last put.
    pub changed_at: Timestamp,
}

/// What became of an assessment that was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomAssessmentPut {
    /// It is new.
    Created(CustomAssessment),
    /// It takes the place of an earlier one.
    Replaced(CustomAssessment),
    /// The subscription has no such kind.
    NoKind,
    /// The subscription has [as many](MOST_CUSTOM_ASSESSMENTS) as it may.
    TooMany,
}

/// The place of an assessment in the order of all: scope and name, in small letters.
pub type CustomAssessmentKey = (String, String);

/// Assessments that somebody made.
#[async_trait]
pub trait CustomAssessments: Send + Sync {
    /// Puts a kind, in place of the one of its name.
    async fn put_assessment_kind(
        &self,
        subscription: SubscriptionId,
        name: &str,
        body: Value,
        author: Actor,
        at: Timestamp,
    ) -> Result<AssessmentKindPut, Error>;

    /// A kind by its name.
    async fn assessment_kind(
        &self,
        subscription: SubscriptionId,
        name: &str,
    ) -> Result<Option<AssessmentKind>, Error>;

    /// The kinds of a subscription, by name.
    async fn assessment_kinds(&self, subscription: SubscriptionId) -> Result<Vec<AssessmentKind>, Error>;

    /// Takes a kind away, and all assessments of it. `false` if there was none.
    async fn delete_assessment_kind(&self, subscription: SubscriptionId, name: &str) -> Result<bool, Error>;

    /// Puts an assessment, in place of the one of the same scope and name. The moments of the first one and, while the
    /// code stays, of its last change stay.
    async fn put_custom_assessment(
        &self,
        assessment: NewAssessment,
        at: Timestamp,
    ) -> Result<CustomAssessmentPut, Error>;

    /// An assessment of a resource.
    async fn custom_assessment(&self, scope: &str, name: &str) -> Result<Option<CustomAssessment>, Error>;

    /// The assessments of a resource and of all below it, by scope and name. All of them for an empty scope or `/`.
    async fn custom_assessments(
        &self,
        scope: &str,
        page: PageRequest<CustomAssessmentKey>,
    ) -> Result<Page<CustomAssessment, CustomAssessmentKey>, Error>;

    /// Takes an assessment away. `false` if there was none.
    async fn delete_custom_assessment(&self, scope: &str, name: &str) -> Result<bool, Error>;
}
