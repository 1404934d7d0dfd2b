//! Rules and exemptions, and what was found where they make something else of it.
//!
//! A summary shows what counts; where rules hide something, what was found stays beside it, so that it is there again
//! the moment a rule goes. Each change of a rule is told in history with all that it said.

use crate::{Actor, Cause, Conclusion, Error, ImageKey, ImageState, ImageSummary, NewJob, Page, PageRequest};
use assessment::rules::{Conditions, RuleKind};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Rules have names of their own, and exemptions have others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleClass {
    /// Rules that disable findings.
    Rule,
    /// Exemptions.
    Exemption,
}

impl RuleClass {
    /// The class of a kind.
    pub fn of(kind: RuleKind) -> Self {
        if kind.is_exemption() { Self::Exemption } else { Self::Rule }
    }

    /// The class as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Exemption => "exemption",
        }
    }
}

/// Which rule. Scope and name have no case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleKey {
    /// Rule or exemption.
    pub class: RuleClass,
    /// Where it holds: a resource id.
    pub scope: String,
    /// Its name there.
    pub name: String,
}

/// A rule or an exemption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// What it is.
    pub kind: RuleKind,
    /// Where it holds: a resource id, and everything below it.
    pub scope: String,
    /// Its name there.
    pub name: String,
    /// A name for people.
    pub display_name: String,
    /// Which findings it means; of an exemption without any, everything at its scope.
    pub conditions: Conditions,
    /// Why.
    pub reason: String,
    /// Who last put it.
    pub author: Actor,
    /// When it was put for the first time.
    pub created_at: Timestamp,
    /// When it was last put.
    pub updated_at: Timestamp,
    /// Until when it holds; without end where none is given.
    pub expires_at: Option<Timestamp>,
    /// What a face keeps for its own form. Nobody else reads it.
    pub details: Value,
}

impl Rule {
    /// The key of this rule.
    pub fn key(&self) -> RuleKey {
        RuleKey { class: RuleClass::of(self.kind), scope: self.scope.clone(), name: self.name.clone() }
    }

    /// Whether it holds at a moment: up to its end, and not at it.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// What became of a rule that was put.
#[derive(Debug, Clone, PartialEq)]
pub enum RulePut {
    /// It is new.
    Created(Rule),
    /// It takes the place of one of the same name.
    Replaced(Rule),
    /// There are so many already that no more are taken.
    TooMany,
}

/// What was found of an image, whatever rules make of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where it stands.
    pub state: ImageState,
    /// Why.
    pub cause: Option<Cause>,
    /// How many findings there are, by severity.
    pub counts: BTreeMap<String, u64>,
}

impl Found {
    /// What a summary shows.
    pub fn of(summary: &ImageSummary) -> Self {
        Self { state: summary.state, cause: summary.cause.clone(), counts: summary.counts.clone() }
    }

    /// The summary as it would be without rules.
    pub fn within(self, shown: ImageSummary) -> ImageSummary {
        let Self { state, cause, counts } = self;
        ImageSummary { state, cause, counts, ..shown }
    }
}

/// More rules and exemptions than this are not kept: every finding is compared with all of them.
pub const MOST_RULES: usize = 2000;

/// Rules and exemptions.
#[async_trait]
pub trait FindingRules: Send + Sync {
    /// Puts a rule, in place of one with the same key, and tells it in history. The moment of its creation stays.
    async fn put_rule(&self, rule: Rule) -> Result<RulePut, Error>;

    /// A rule.
    async fn rule(&self, key: &RuleKey) -> Result<Option<Rule>, Error>;

    /// All rules and exemptions, also those that have ended, by class, scope and name.
    async fn rules(&self) -> Result<Vec<Rule>, Error>;

    /// Deletes a rule, and tells it in history. `None` if there was none.
    async fn delete_rule(&self, key: &RuleKey, actor: &Actor, at: Timestamp) -> Result<Option<Rule>, Error>;

    /// A number that grows with every change of a rule through this store.
    fn rules_generation(&self) -> u64;

    /// The rules by which summaries were last made.
    async fn settled_rules(&self) -> Result<Vec<Rule>, Error>;

    /// Says that all summaries are made by these rules.
    async fn set_settled_rules(&self, rules: Vec<Rule>) -> Result<(), Error>;

    /// Keeps verdicts on images as they are shown and as they were found, and asks for jobs because of them. Images that
    /// are gone are passed over. Otherwise as [`Summaries::put_summary`](crate::Summaries::put_summary), all in one
    /// transaction.
    async fn put_judged(
        &self,
        judged: Vec<(ImageSummary, Found)>,
        jobs: Vec<NewJob>,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// The same at the end of an assessment, which is told in history.
    async fn conclude_judged(
        &self,
        conclusion: Conclusion,
        found: Found,
        jobs: Vec<NewJob>,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// What was found of an image.
    async fn found(&self, image: &ImageKey) -> Result<Option<Found>, Error>;

    /// The images of which rules make something else than was found, in the order of their keys.
    async fn images_under_rules(
        &self,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageKey, ImageKey>, Error>;
}
