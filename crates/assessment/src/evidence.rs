//! What a finding rests on, as it is kept with it.

use crate::rules::FixStatus;
use advisory::FixState;
use serde::{Deserialize, Serialize};

/// What a finding rests on: written when a package is matched, read by every face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingEvidence {
    /// The rule, in words.
    pub rule: String,
    /// The command that fixes it, or the sentence that no fix exists.
    pub remediation: String,
    /// Whether there is something to install.
    pub patchable: bool,
    /// What the vendor says of a fix, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix_state: Option<FixState>,
    /// Its other names.
    pub aliases: Vec<String>,
    /// What it belongs to: a distribution or a language.
    pub category: String,
    /// What each advisory says.
    pub advisories: Vec<advisory::Evidence>,
}

impl FindingEvidence {
    /// Whether there is a fix.
    pub fn fix_status(&self) -> FixStatus {
        FixStatus::of(self.patchable, self.fix_state)
    }
}

/// What conditions of rules look at in the evidence. The rest is passed over: it is read for every finding.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct FindingTraits {
    /// Whether there is something to install.
    pub patchable: bool,
    /// What the vendor says of a fix, where there is none.
    #[serde(default)]
    pub fix_state: Option<FixState>,
    /// Its other names.
    pub aliases: Vec<String>,
    /// What it belongs to: a distribution or a language.
    pub category: String,
}

impl FindingTraits {
    /// Whether there is a fix.
    pub fn fix_status(&self) -> FixStatus {
        FixStatus::of(self.patchable, self.fix_state)
    }
}
