//! An advisory, normalised: every feed's word in one form.

use crate::{AdvisoryId, Extent, Rating};
use inventory::Ecosystem;
use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Where more can be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// What it is, in the words of OSV: `ADVISORY`, `FIX`, `WEB`.
    pub kind: String,
    /// Its address, verbatim. It is foreign text: whoever shows it as a link checks its scheme.
    pub url: String,
}

/// How urgent a distribution finds it, see <https://security-team.debian.org/security_tracker.html#severity-levels>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// No security problem in the eyes of the distribution, though the code is there.
    Unimportant,
    /// Not looked at yet.
    NotYetAssigned,
    /// The package is no longer supported: nothing is looked at any more.
    EndOfLife,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

impl Urgency {
    /// Reads Debian's word. Its trailing asterisks say that a machine guessed, which changes nothing here.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.trim_end_matches('*').trim() {
            "unimportant" => Some(Self::Unimportant),
            "not yet assigned" => Some(Self::NotYetAssigned),
            "end-of-life" => Some(Self::EndOfLife),
            "low" => Some(Self::Low),
            "medium" => Some(Self::Medium),
            "high" => Some(Self::High),
            _ => None,
        }
    }

    /// The rating that this urgency amounts to; none where nobody has looked.
    pub fn rating(self, source: &str) -> Option<Rating> {
        match self {
            Self::NotYetAssigned | Self::EndOfLife => None,
            Self::Unimportant | Self::Low => Rating::from_word("low", source),
            Self::Medium => Rating::from_word("medium", source),
            Self::High => Rating::from_word("high", source),
        }
    }
}

/// Why there is no fixed version, or none for everybody, where the vendor says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixState {
    /// The vendor has decided not to fix it.
    WillNotFix,
    /// The vendor has put it off.
    Postponed,
    /// The package or the release is no longer supported.
    EndOfLife,
    /// There is a fix, and only those with a subscription get it: Ubuntu Pro, the long-term support of SUSE.
    Subscription,
}

/// The module of a statement that is about the package outside of modules, beside others of the same advisory about the
/// same package in module streams.
pub(crate) const OF_NO_MODULE: &str = "";

/// What an advisory says about one package of one ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedPackage {
    /// Whose package.
    pub ecosystem: Ecosystem,
    /// Its name, normalised with [`crate::normalised_name`].
    pub name: String,
    /// Which versions.
    pub extent: Extent,
    /// Ratings for this package alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ratings: Vec<Rating>,
    /// The distribution's urgency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// Why there is no fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix_state: Option<FixState>,
    /// The module stream to which the package belongs, `nodejs:16`; none for packages outside of modules, and where
    /// the feed does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The machines for which it is so, in the words of the package manager; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<String>,
}

impl AffectedPackage {
    /// Says which versions of a package, and nothing else of it.
    pub fn new(ecosystem: Ecosystem, name: impl Into<String>, extent: Extent) -> Self {
        Self {
            ecosystem,
            name: name.into(),
            extent,
            ratings: Vec::new(),
            urgency: None,
            fix_state: None,
            module: None,
            architectures: Vec::new(),
        }
    }
}

/// An advisory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// Its identifier.
    pub id: AdvisoryId,
    /// Other names of the same vulnerability.
    pub aliases: Vec<String>,
    /// The vulnerabilities of the upstream project that this advisory of a distribution is about.
    pub upstream: Vec<String>,
    /// Identifiers that are near, but not the same.
    pub related: Vec<String>,
    /// One line.
    pub summary: String,
    /// The whole text, in Markdown where the feed gives it.
    pub details: String,
    /// When it was first published.
    pub published: Option<Timestamp>,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// When it was taken back. A withdrawn advisory never matches.
    pub withdrawn: Option<Timestamp>,
    /// Ratings for all affected packages.
    pub ratings: Vec<Rating>,
    /// Where more can be read.
    pub references: Vec<Reference>,
    /// What is affected.
    pub affected: Vec<AffectedPackage>,
}

impl Advisory {
    /// An advisory that says nothing yet.
    pub fn new(id: AdvisoryId) -> Self {
        Self {
            id,
            aliases: Vec::new(),
            upstream: Vec::new(),
            related: Vec::new(),
            summary: String::new(),
            details: String::new(),
            published: None,
            modified: None,
            withdrawn: None,
            ratings: Vec::new(),
            references: Vec::new(),
            affected: Vec::new(),
        }
    }
}

/// Reads an instant as feeds write it: with or without a zone, or a mere date; UTC is meant.
///
/// `None` for what is no instant, and for the year 1 that some feeds write for "not known".
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let read = text.parse::<Timestamp>().ok().or_else(|| {
        let local = text.parse::<civil::DateTime>().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()
    })?;
    // 1970 is older than every advisory.
    (read > Timestamp::UNIX_EPOCH).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_feeds_write_them() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(instant(text).map(|read| read.to_string()).as_deref(), expected, "{text}");
        };
        check("2023-01-24T07:35:30Z", Some("2023-01-24T07:35:30Z"));
        check("2023-01-24T07:35:30.870", Some("2023-01-24T07:35:30.87Z"));
        check("2023-01-24", Some("2023-01-24T00:00:00Z"));
        check("0001-01-01T00:00:00Z", None);
        check("soon", None);
    }
}
