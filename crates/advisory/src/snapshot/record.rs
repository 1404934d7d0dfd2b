//! What there is to show of a vulnerability, gathered from its advisories and enrichments.

use super::Snapshot;
use super::entry::enrichment;
use crate::{
    Advisory, Category, Classification, Enrichment, ExploitPrediction, KnownExploit, Match, Rating,
    Reference, Ssvc, VulnerabilityId, classify,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What there is to show of an advisory.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct AdvisoryText {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    summary: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    details: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ratings: Vec<Rating>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    references: Vec<Reference>,
}

impl AdvisoryText {
    pub(super) fn of(advisory: Advisory) -> Self {
        let Advisory { summary, details, published, modified, ratings, references, .. } = advisory;
        Self { summary, details, published, modified, ratings, references }
    }

    /// The same without dates: exports of whole databases change them without changing anything else.
    pub(super) fn without_dates(&self) -> Self {
        Self { published: None, modified: None, ..self.clone() }
    }
}

/// What there is to show of a vulnerability of a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VulnerabilityRecord {
    /// The name it goes by.
    pub id: VulnerabilityId,
    /// Its other names.
    pub aliases: Vec<String>,
    /// One line.
    pub title: String,
    /// The longest text that anybody gives.
    pub description: String,
    /// When it was first published by anybody.
    pub published: Option<Timestamp>,
    /// When anybody last changed what they say.
    pub modified: Option<Timestamp>,
    /// Where more can be read, each address once.
    pub references: Vec<Reference>,
    /// What everybody says about how bad it is, the most authoritative first.
    pub ratings: Vec<Rating>,
    /// How bad it is.
    pub classification: Classification,
    /// Whose package it is in.
    pub category: Category,
    /// Its entry among the vulnerabilities exploited in the wild.
    pub known_exploit: Option<KnownExploit>,
    /// The prediction of its exploitation.
    pub prediction: Option<ExploitPrediction>,
    /// What CISA decided about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssvc: Option<Ssvc>,
}

impl Snapshot {
    /// What there is to show of a match that was made with this snapshot.
    pub fn vulnerability(&self, found: &Match) -> VulnerabilityRecord {
        let view = self.view();
        let mut own_ratings = Vec::new();
        let mut texts = Vec::new();
        for entry in self.entries(&found.ecosystem, &found.matched_as) {
            if found.evidence.iter().any(|evidence| evidence.advisory.as_str() == entry.advisory()) {
                own_ratings.extend(entry.particulars().ratings);
                let text: Option<AdvisoryText> =
                    entry.document().and_then(|json| serde_json::from_slice(json).ok());
                texts.extend(text);
            }
        }
        let enriched: Option<Enrichment> = enrichment(&view, found.vulnerability.as_str())
            .and_then(|json| serde_json::from_slice(json).ok());
        gather(found, own_ratings, texts, enriched)
    }
}

fn gather(
    found: &Match,
    own_ratings: Vec<Rating>,
    texts: Vec<AdvisoryText>,
    enriched: Option<Enrichment>,
) -> VulnerabilityRecord {
    let enriched = enriched.unwrap_or_else(|| Enrichment::new(found.vulnerability.clone()));
    let summary = texts.iter().map(|text| &text.summary).find(|summary| !summary.is_empty());
    let title =
        summary.cloned().unwrap_or_else(|| format!("{} in {}", found.vulnerability, found.matched_as));
    let details = texts.iter().map(|text| &text.details).chain(&enriched.description);
    let description = details.max_by_key(|text| text.len()).cloned().unwrap_or_default();
    let published = texts.iter().map(|text| text.published).chain([enriched.published]).flatten().min();
    let modified = texts.iter().map(|text| text.modified).chain([enriched.modified]).flatten().max();
    let mut ratings: Vec<Rating> = Vec::new();
    let mut references: Vec<Reference> = Vec::new();
    let said = texts.into_iter().map(|text| (text.ratings, text.references));
    let (from_texts, linked): (Vec<_>, Vec<_>) = said.unzip();
    for rating in own_ratings.into_iter().chain(from_texts.into_iter().flatten()).chain(enriched.ratings) {
        if !ratings.contains(&rating) {
            ratings.push(rating);
        }
    }
    for reference in linked.into_iter().flatten() {
        if !references.iter().any(|known| known.url == reference.url) {
            references.push(reference);
        }
    }
    let category = Category::of(&found.ecosystem);
    VulnerabilityRecord {
        id: found.vulnerability.clone(),
        aliases: found.aliases.clone(),
        title,
        description,
        published,
        modified,
        references,
        classification: classify(&ratings, &category),
        ratings,
        category,
        known_exploit: enriched.known_exploit,
        prediction: enriched.prediction,
        ssvc: enriched.ssvc,
    }
}
