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

/// How far exploitation has come, in the words of SSVC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exploitation {
    /// None is known.
    None,
    /// There is a public proof of concept.
    ProofOfConcept,
    /// It is exploited.
    Active,
}

/// How much an exploit gives, in the words of SSVC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TechnicalImpact {
    /// Part of the control, or information.
    Partial,
    /// The whole control.
    Total,
}

/// The decision points of a stakeholder-specific vulnerability categorization, see
/// <https://www.cisa.gov/stakeholder-specific-vulnerability-categorization-ssvc>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ssvc {
    /// How far exploitation has come.
    pub exploitation: Exploitation,
    /// Whether the first steps of an attack can be automated.
    pub automatable: bool,
    /// How much an exploit gives.
    pub technical_impact: TechnicalImpact,
}

impl Ssvc {
    /// Reads the words of a publisher. `None` for words that SSVC does not have.
    pub(crate) fn from_words(exploitation: &str, automatable: &str, impact: &str) -> Option<Self> {
        let exploitation = match exploitation {
            "none" => Exploitation::None,
            "poc" | "public poc" => Exploitation::ProofOfConcept,
            "active" => Exploitation::Active,
            _ => return None,
        };
        let automatable = match automatable {
            "yes" => true,
            "no" => false,
            _ => return None,
        };
        let technical_impact = match impact {
            "partial" => TechnicalImpact::Partial,
            "total" => TechnicalImpact::Total,
            _ => return None,
        };
        Some(Self { exploitation, automatable, technical_impact })
    }
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
    /// What CISA decided about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssvc: Option<Ssvc>,
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
            ssvc: None,
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
        self.ssvc = self.ssvc.or(other.ssvc);
    }
}
