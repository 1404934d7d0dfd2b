//! CVE records with what CISA adds to them: <https://github.com/cisagov/vulnrichment>,
//! <https://cveproject.github.io/cve-schema/schema/docs/>.
//!
//! Taken are the decision points of SSVC (<https://www.cisa.gov/stakeholder-specific-vulnerability-categorization-ssvc>)
//! and CVSS vectors of all containers, with who gives them. The affected products of a record name vendors and
//! products as nobody packages them, and never make a match.

use super::{Emit, Feed, FeedError, Record, broken, nullable, shows};
use crate::advisory::instant;
use crate::{Enrichment, Rating, Ssvc, VulnerabilityId};
use serde::Deserialize;
use serde_json::{Map, Value};

/// CVE records.
pub(super) const FEED: Feed = Feed { name: "vulnrichment", recognise, parse };

fn recognise(_name: &str, head: &[u8]) -> bool {
    shows(head, "\"CVE_RECORD\"")
}

#[derive(Deserialize)]
struct CveRecord {
    #[serde(rename = "cveMetadata")]
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    containers: Containers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    cve_id: VulnerabilityId,
    #[serde(default, deserialize_with = "nullable")]
    date_published: String,
    #[serde(default, deserialize_with = "nullable")]
    date_updated: String,
}

#[derive(Deserialize, Default)]
struct Containers {
    cna: Option<Container>,
    #[serde(default, deserialize_with = "nullable")]
    adp: Vec<Container>,
}

#[derive(Deserialize)]
struct Container {
    #[serde(rename = "providerMetadata")]
    provider: Option<Provider>,
    #[serde(default, deserialize_with = "nullable")]
    metrics: Vec<Map<String, Value>>,
    #[serde(default, deserialize_with = "nullable")]
    descriptions: Vec<Description>,
}

#[derive(Deserialize)]
struct Provider {
    #[serde(rename = "shortName", default, deserialize_with = "nullable")]
    short_name: String,
}

#[derive(Deserialize)]
struct Description {
    #[serde(default, deserialize_with = "nullable")]
    lang: String,
    #[serde(default, deserialize_with = "nullable")]
    value: String,
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let record: CveRecord = serde_json::from_slice(document).map_err(broken(FEED.name))?;
    let mut enrichment = Enrichment::new(record.metadata.cve_id);
    enrichment.published = instant(&record.metadata.date_published);
    enrichment.modified = instant(&record.metadata.date_updated);
    for container in record.containers.cna.iter().chain(&record.containers.adp) {
        let source = container.provider.as_ref().map_or("", |provider| &*provider.short_name);
        for metric in &container.metrics {
            let vectors = metric.values().filter_map(|value| value.get("vectorString")?.as_str());
            enrichment.ratings.extend(vectors.filter_map(|vector| Rating::from_vector(vector, source)));
            enrichment.ssvc = enrichment.ssvc.take().or_else(|| ssvc(metric.get("other")?));
        }
        let english = container.descriptions.iter().find(|text| text.lang.starts_with("en"));
        enrichment.description = enrichment.description.or_else(|| english.map(|text| text.value.clone()));
    }
    emit(Ok(Record::Enrichment(Box::new(enrichment))));
    Ok(())
}

/// The decision points of a metric of type `ssvc`.
fn ssvc(other: &Value) -> Option<Ssvc> {
    if other.get("type")?.as_str()? != "ssvc" {
        return None;
    }
    let options = other.get("content")?.get("options")?.as_array()?;
    let option = |name: &str| options.iter().find_map(|option| option.get(name)?.as_str());
    Ssvc::from_words(option("Exploitation")?, option("Automatable")?, option("Technical Impact")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::enrichments;
    use crate::{Exploitation, TechnicalImpact};

    #[test]
    fn decision_points_and_vectors_are_taken() {
        let text = r#"{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2024-0001","datePublished":"2024-01-02T00:00:00Z"},
            "containers":{"cna":{"providerMetadata":{"shortName":"vendor"},"descriptions":[{"lang":"en-US","value":"d"}],
                "metrics":[{"cvssV3_1":{"vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]},
            "adp":[{"providerMetadata":{"shortName":"CISA-ADP"},"metrics":[{"other":{"type":"ssvc","content":{
                "options":[{"Exploitation":"active"},{"Automatable":"yes"},{"Technical Impact":"total"}]}}}]}]}}"#;
        let read = enrichments(&FEED, text).remove(0);
        let expected = Ssvc {
            exploitation: Exploitation::Active,
            automatable: true,
            technical_impact: TechnicalImpact::Total,
        };
        assert_eq!(read.ssvc, Some(expected));
        assert_eq!((read.ratings[0].source(), read.description.as_deref()), ("vendor", Some("d")));
    }

    #[test]
    fn words_that_are_none_of_ssvc_say_nothing() {
        let text = r#"{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2024-0001"},"containers":{"adp":[{"metrics":[
            {"other":{"type":"ssvc","content":{"options":[{"Exploitation":"maybe"},{"Automatable":"yes"},{"Technical Impact":"total"}]}}},
            {"other":{"type":"kev"}},{"other":7}]}]}}"#;
        assert_eq!(enrichments(&FEED, text)[0].ssvc, None);
    }
}
