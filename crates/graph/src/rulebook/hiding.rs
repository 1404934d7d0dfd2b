//! Which rules hide findings of a kind, and where: for whoever has to know it of all images at once.
//!
//! A rule looks at a finding and at the image that it stands in. The first is the same in every image. The second is the
//! same in all images of a repository for nearly all rules.

use super::{Rulebook, Said, image_id, is_whole, repository_id};
use crate::documents::KnownRegistry;
use oci::RepositoryName;
use serde_json::Value;
use store::{ImageKey, PackageVersion, Vulnerability};

/// A rule of a book, by its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleNumber(usize);

/// The segments of the id of a repository.
const REPOSITORY_SEGMENTS: usize = 10;

impl Rulebook {
    /// Whether there is a rule that hides single findings. Attached documents are left aside.
    pub fn has_partial(&self) -> bool {
        self.rules().any(|rule| !is_whole(rule))
    }

    /// The rules that hide single findings of this kind where they hold, ascending. Exemptions of whole images and
    /// attached documents are left aside.
    pub fn hiding(
        &self,
        vulnerability: &Vulnerability,
        evidence: &Value,
        package: &PackageVersion,
    ) -> Vec<RuleNumber> {
        let said = Said::of(vulnerability, evidence);
        let facts = said.facts(vulnerability, package);
        let hides = |(number, rule)| {
            let covers = !is_whole(rule) && rule.conditions.cover_finding(&facts);
            covers.then_some(RuleNumber(number))
        };
        self.rules().enumerate().filter_map(hides).collect()
    }

    /// Whether a rule tells images of one repository apart.
    pub fn is_about_single_images(&self, RuleNumber(number): RuleNumber) -> bool {
        self.rules.get(number).is_some_and(|(rule, scope)| {
            rule.conditions.is_about_single_images() || scope.segments().count() > REPOSITORY_SEGMENTS
        })
    }

    /// Whether a rule that does not tell images apart holds in a repository.
    pub fn holds_in(
        &self,
        RuleNumber(number): RuleNumber,
        known: &KnownRegistry,
        name: &RepositoryName,
    ) -> bool {
        let rule = self.rules.get(number).zip(repository_id(known, name));
        rule.is_some_and(|((rule, scope), id)| {
            id.is_within(scope) && rule.conditions.cover_repository(name.as_str())
        })
    }

    /// Whether a rule may hold for an image: whoever looks at the image knows.
    pub fn may_hold_for(
        &self,
        RuleNumber(number): RuleNumber,
        known: &KnownRegistry,
        image: &ImageKey,
    ) -> bool {
        let rule = self.rules.get(number).zip(image_id(known, image));
        rule.is_some_and(|((_, scope), id)| id.is_within(scope))
    }
}
