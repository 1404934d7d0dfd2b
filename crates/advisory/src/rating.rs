//! How bad somebody says a vulnerability is: a CVSS vector, a bare score, or a word.
//!
//! CVSS is specified at <https://www.first.org/cvss/>. Vectors are parsed and scored when the feed is read, so that
//! a [`Rating`] that exists has a score. Only base scores are used: temporal and environmental metrics describe
//! a time and a place that are not ours.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How bad a vulnerability is. The order is by urgency, and unknown is the least of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Nobody has said.
    Unknown,
    /// CVSS below 4.0.
    Low,
    /// CVSS from 4.0.
    Medium,
    /// CVSS from 7.0.
    High,
    /// CVSS from 9.0; version 2 does not know it.
    Critical,
}

impl Severity {
    /// The word: `Critical`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }

    /// The severity of a vendor's word. `None` for words that say nothing, such as `not yet assigned`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "critical" => Some(Self::Critical),
            // Red Hat and its kin say important and moderate: <https://access.redhat.com/security/updates/classification>.
            "high" | "important" => Some(Self::High),
            "medium" | "moderate" => Some(Self::Medium),
            "low" | "negligible" | "unimportant" => Some(Self::Low),
            _ => None,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A version of CVSS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CvssVersion {
    /// Version 2.
    #[serde(rename = "2.0")]
    V2,
    /// Version 3.0.
    #[serde(rename = "3.0")]
    V30,
    /// Version 3.1.
    #[serde(rename = "3.1")]
    V31,
    /// Version 4.0.
    #[serde(rename = "4.0")]
    V40,
}

impl CvssVersion {
    /// The number: `3.1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "2.0",
            Self::V30 => "3.0",
            Self::V31 => "3.1",
            Self::V40 => "4.0",
        }
    }
}

/// A base score from 0.0 to 10.0 in steps of 0.1, which is all that CVSS gives. Kept in tenths, so that it compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct BaseScore(u8);

impl BaseScore {
    /// A score, rounded to tenths. `None` outside of 0.0 to 10.0.
    pub fn new(value: f64) -> Option<Self> {
        if !(0.0..=10.0).contains(&value) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 100, checked in the line above"
        )]
        let tenths = (value * 10.0).round() as u8;
        Some(Self(tenths))
    }

    /// The score.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 10.0
    }

    /// The severity that the given version of CVSS calls this score.
    pub fn severity(self, version: CvssVersion) -> Severity {
        match self.0 {
            90.. if version != CvssVersion::V2 => Severity::Critical,
            70.. => Severity::High,
            40.. => Severity::Medium,
            // Zero is "none" in the words of CVSS; what has an advisory is shown nevertheless.
            _ => Severity::Low,
        }
    }
}

impl TryFrom<f64> for BaseScore {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, &'static str> {
        Self::new(value).ok_or("a CVSS score lies between 0 and 10")
    }
}

impl From<BaseScore> for f64 {
    fn from(score: BaseScore) -> Self {
        score.value()
    }
}

/// What somebody says about how bad a vulnerability is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rating {
    /// A CVSS vector with its base score.
    Vector {
        /// Its version.
        version: CvssVersion,
        /// The vector, verbatim.
        vector: String,
        /// Its base score.
        base: BaseScore,
        /// Who says so.
        source: String,
    },
    /// A base score whose vector was not given.
    Score {
        /// Its version.
        version: CvssVersion,
        /// The base score.
        base: BaseScore,
        /// Who says so.
        source: String,
    },
    /// A word of the vendor.
    Word {
        /// What it means.
        severity: Severity,
        /// Who says so.
        source: String,
    },
}

impl Rating {
    /// Reads a CVSS vector of any version. `None` if it is none; the longest real ones stay below 200 bytes.
    pub fn from_vector(text: &str, source: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > 512 {
            return None;
        }
        let (version, base) = match text.parse::<cvss::Cvss>().ok()? {
            cvss::Cvss::CvssV20(vector) => (CvssVersion::V2, vector.score().value()),
            cvss::Cvss::CvssV30(vector) if is_whole(text) => (CvssVersion::V30, vector.base_score().value()),
            cvss::Cvss::CvssV31(vector) if is_whole(text) => (CvssVersion::V31, vector.base_score().value()),
            cvss::Cvss::CvssV40(_) => (CvssVersion::V40, base_of_four(text)?),
            cvss::Cvss::CvssV30(_) | cvss::Cvss::CvssV31(_) | _ => return None,
        };
        let base = BaseScore::new(base)?;
        Some(Self::Vector { version, vector: text.to_owned(), base, source: source.to_owned() })
    }

    /// Reads a vendor's word. `None` if it says nothing.
    pub fn from_word(word: &str, source: &str) -> Option<Self> {
        let severity = Severity::from_word(word)?;
        Some(Self::Word { severity, source: source.to_owned() })
    }

    /// The severity that this rating gives.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Vector { version, base, .. } | Self::Score { version, base, .. } => base.severity(*version),
            Self::Word { severity, .. } => *severity,
        }
    }

    /// Who says so.
    pub fn source(&self) -> &str {
        match self {
            Self::Vector { source, .. } | Self::Score { source, .. } | Self::Word { source, .. } => source,
        }
    }
}

/// Whether a vector of version 3 has all base metrics. Without one of them it would be scored as harmless.
fn is_whole(vector: &str) -> bool {
    ["/AV:", "/AC:", "/PR:", "/UI:", "/S:", "/C:", "/I:", "/A:"].iter().all(|metric| vector.contains(metric))
}

/// The score of the base metrics alone of a vector of version 4, whose one score counts all metrics that it has.
fn base_of_four(vector: &str) -> Option<f64> {
    const BASE: [&str; 12] = ["CVSS", "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"];
    let is_base = |metric: &&str| metric.split(':').next().is_some_and(|name| BASE.contains(&name));
    let base: Vec<_> = vector.split('/').filter(is_base).collect();
    Some(base.join("/").parse::<cvss::v4::Vector>().ok()?.score().value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_vector_panics(
            head in prop::sample::select(vec!["CVSS:3.0/", "CVSS:3.1/", "CVSS:4.0/", "CVSS:", ""]),
            metrics in prop::collection::vec("(AV|AC|AT|PR|UI|S|C|I|A|Au|VC|VI|VA|SC|SI|SA|E|MAV|RL|é):[NLHUCPAXRMSé]{0,2}", 0..16),
            tail in any::<String>(),
        ) {
            let _ = Rating::from_vector(&format!("{head}{}", metrics.join("/")), "test");
            let _ = Rating::from_vector(&format!("{head}{tail}"), "test");
        }
    }

    fn check(vector: &str, version: CvssVersion, score: f64, severity: Severity) {
        let rating = Rating::from_vector(vector, "test").unwrap();
        let Rating::Vector { version: read, base, .. } = &rating else { panic!("{rating:?}") };
        assert_eq!((*read, base.value(), rating.severity()), (version, score, severity), "{vector}");
    }

    #[test]
    fn vectors_of_all_versions_are_scored() {
        check("AV:N/AC:L/Au:N/C:P/I:P/A:P", CvssVersion::V2, 7.5, Severity::High);
        check("AV:N/AC:L/Au:N/C:C/I:C/A:C", CvssVersion::V2, 10.0, Severity::High);
        check("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", CvssVersion::V30, 9.8, Severity::Critical);
        check("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", CvssVersion::V31, 6.1, Severity::Medium);
        check(
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            CvssVersion::V40,
            9.3,
            Severity::Critical,
        );
        check(
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U/MAV:P",
            CvssVersion::V40,
            9.3,
            Severity::Critical,
        );
    }

    #[test]
    fn what_is_no_vector_is_no_rating() {
        for text in ["", "9.8", "CVSS:9.9/AV:N", "CVSS:3.1/AV:N", "CVSS:3.1/", "é/é:é", "a/b:c"] {
            assert_eq!(Rating::from_vector(text, "test"), None, "{text}");
        }
        assert_eq!(Rating::from_vector(&"CVSS:3.1/".repeat(100), "test"), None);
    }

    #[test]
    fn scores_stay_in_their_bounds() {
        assert_eq!(BaseScore::new(f64::NAN), None);
        assert_eq!(BaseScore::new(10.1), None);
        assert_eq!(BaseScore::new(-0.1), None);
        assert!(serde_json::from_str::<BaseScore>("11").is_err());
        assert_eq!(serde_json::to_string(&BaseScore::new(9.8).unwrap()).unwrap(), "9.8");
    }

    #[test]
    fn words_that_say_nothing_are_no_rating() {
        assert_eq!(Rating::from_word("not yet assigned", "Debian"), None);
        assert_eq!(Severity::from_word("Important"), Some(Severity::High));
        assert!(Severity::Critical > Severity::High && Severity::Low > Severity::Unknown);
    }
}
