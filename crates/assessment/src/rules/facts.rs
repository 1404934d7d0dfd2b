//! What conditions are compared with: a finding, and the image that it stands in.

use advisory::{FixState, Severity};
use oci::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether there is a fix, in the words of Azure's sub-assessments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FixStatus {
    /// It is not known.
    Unknown,
    /// A fixed version exists.
    FixAvailable,
    /// None exists.
    NoFixAvailable,
    /// One is to come.
    Scheduled,
    /// None will come.
    WontFix,
}

impl FixStatus {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Unknown, Self::FixAvailable, Self::NoFixAvailable, Self::Scheduled, Self::WontFix];

    /// What follows from a fixed version and the vendor's word. A fix that was put off is announced by nobody for a
    /// certain time, and counts as none.
    pub fn of(is_patchable: bool, state: Option<FixState>) -> Self {
        match (is_patchable, state) {
            (true, _) | (false, Some(FixState::Subscription)) => Self::FixAvailable,
            (false, Some(FixState::WillNotFix | FixState::EndOfLife)) => Self::WontFix,
            (false, Some(FixState::Postponed) | None) => Self::NoFixAvailable,
        }
    }

    /// The status as a word: `WontFix`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::FixAvailable => "FixAvailable",
            Self::NoFixAvailable => "NoFixAvailable",
            Self::Scheduled => "Scheduled",
            Self::WontFix => "WontFix",
        }
    }
}

impl fmt::Display for FixStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The operating system of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Os<'a> {
    /// `debian`.
    pub id: &'a str,
    /// `12`; empty where there is none.
    pub version: &'a str,
}

impl Os<'_> {
    /// The spelling that patterns are compared with: `debian 12`.
    pub(super) fn spelled(&self) -> String {
        spelled(&format!("{} {}", self.id, self.version))
    }

    /// The name that Microsoft's forms use: `ubuntu_linux_20.04`.
    pub fn long_name(&self) -> String {
        format!("{}_linux_{}", self.id, self.version)
    }
}

/// A name of an operating system in one spelling: `ubuntu_linux_20.04`, `Ubuntu:20.04` and `ubuntu 20.04` are one.
pub(super) fn spelled(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split([' ', '_', ':', '-']).filter(|word| !word.is_empty() && *word != "linux");
    let words = words.map(|word| match word.strip_prefix('v') {
        Some(number) if number.starts_with(|letter: char| letter.is_ascii_digit()) => number,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The image that a finding stands in.
#[derive(Debug, Clone, Copy)]
pub struct ImageTraits<'a> {
    /// The image.
    pub digest: &'a Digest,
    /// Its repository.
    pub repository: &'a str,
    /// Its operating system, where it is known.
    pub os: Option<Os<'a>>,
}

/// A finding, whatever image it stands in.
#[derive(Debug, Clone, Copy)]
pub struct FindingFacts<'a> {
    /// The vulnerability.
    pub id: &'a str,
    /// Its other names.
    pub aliases: &'a [String],
    /// Its severity.
    pub severity: Severity,
    /// Its CVSS score.
    pub score: Option<f64>,
    /// A distribution or a language.
    pub category: &'a str,
    /// Whether there is a fix.
    pub fix: FixStatus,
    /// The package.
    pub package: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The vulnerability in one line.
    pub title: &'a str,
    /// The same at length.
    pub description: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operating_system_has_one_spelling() {
        let ubuntu = Os { id: "ubuntu", version: "20.04" };
        assert_eq!(ubuntu.spelled(), "ubuntu 20.04");
        for name in ["ubuntu_linux_20.04", "Ubuntu:20.04", "ubuntu linux 20.04", "UBUNTU-v20.04"] {
            assert_eq!(spelled(name), ubuntu.spelled(), "{name}");
        }
        assert_eq!(spelled("vyos 1"), "vyos 1");
        assert_eq!(ubuntu.long_name(), "ubuntu_linux_20.04");
    }

    #[test]
    fn a_fix_is_there_or_not() {
        assert_eq!(FixStatus::of(true, None), FixStatus::FixAvailable);
        assert_eq!(FixStatus::of(false, Some(FixState::EndOfLife)), FixStatus::WontFix);
        assert_eq!(FixStatus::of(false, Some(FixState::Postponed)), FixStatus::NoFixAvailable);
        assert_eq!(FixStatus::of(false, None), FixStatus::NoFixAvailable);
    }
}
