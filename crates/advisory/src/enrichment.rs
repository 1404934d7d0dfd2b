//! What is known of a vulnerability beside its advisories: scores, exploitation in the wild, its prediction.
//!
//! Enrichments are keyed by vulnerability, not by package. They never make or unmake a match.

use crate::{Rating, VulnerabilityId};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// An entry of a catalogue of vulnerabilities that are exploited in the wild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownExploit {
    /// When it was added to the catalogue.
    pub added: Date,
    /// Until when those bound by the catalogue must act.
    pub due: Option<Date>,
    /// Whether ransomware campaigns are known to use it.
    pub ransomware: bool,
}

/// A prediction of exploitation, see <https://www.first.org/epss/>.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExploitPrediction {
    /// The probability of exploitation in the next thirty days, from 0 to 1.
    pub probability: f64,
    /// The share of vulnerabilities with the same probability or less, from 0 to 1.
    pub percentile: f64,
}

/// What is known of a vulnerability beside its advisories.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enrichment {
    /// The vulnerability.
    pub vulnerability: VulnerabilityId,
    /// Ratings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ratings: Vec<Rating>,
    /// What it is, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
    /// Its entry among the vulnerabilities exploited in the wild.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_exploit: Option<KnownExploit>,
    /// The prediction of its exploitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<ExploitPrediction>,
}

impl Enrichment {
    /// An enrichment that says nothing yet.
    pub fn new(vulnerability: VulnerabilityId) -> Self {
        Self {
            vulnerability,
            ratings: Vec::new(),
            description: None,
            published: None,
            modified: None,
            known_exploit: None,
            prediction: None,
        }
    }

    /// Adds what another feed knows. What is already known stays; ratings are collected.
    pub fn merge(&mut self, other: Self) {
        for rating in other.ratings {
            if !self.ratings.contains(&rating) {
                self.ratings.push(rating);
            }
        }
        self.description = self.description.take().or(other.description);
        self.published = self.published.or(other.published);
        self.modified = self.modified.or(other.modified);
        self.known_exploit = self.known_exploit.take().or(other.known_exploit);
        self.prediction = self.prediction.take().or(other.prediction);
    }
}
