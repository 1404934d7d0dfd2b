//! Rules and exemptions: what people decide about findings, kept beside them and never in their place.
//!
//! A *rule* disables findings by what they are, wherever they stand; an *exemption* waives a registry, a repository or
//! an image, or some findings in it, for a reason and for a time.
//! Both only change what counts: a finding that is hidden is shown with the rule that hides it.
//!
//! Nothing unknown is ever hidden by a comparison: a severity that nobody gave is not below any other, and a finding
//! without a score is not below a score.

mod conditions;
mod effect;
mod facts;
mod pattern;

pub use conditions::{Conditions, ConditionsError};
pub use effect::{Standing, rest};
pub use facts::{FindingFacts, FixStatus, ImageTraits, Os};
pub use pattern::Pattern;

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleKind {
    /// Findings are disabled.
    Disable,
    /// An exemption: the risk is accepted.
    Waiver,
    /// An exemption: the risk is met by other means.
    Mitigated,
    /// A signed VEX document that is attached to an image says that a vulnerability does not apply. Nobody puts or
    /// deletes such a rule: it is there as long as the document.
    Vex,
}

impl RuleKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Disable, Self::Waiver, Self::Mitigated, Self::Vex];

    /// The kind as a word, for an exemption the one of Azure Policy: `Waiver`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "Disable",
            Self::Waiver => "Waiver",
            Self::Mitigated => "Mitigated",
            Self::Vex => "Vex",
        }
    }

    /// The kind of a word, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(word))
    }

    /// Whether it is an exemption and not a rule.
    pub fn is_exemption(self) -> bool {
        match self {
            Self::Disable | Self::Vex => false,
            Self::Waiver | Self::Mitigated => true,
        }
    }
}

impl fmt::Display for RuleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
