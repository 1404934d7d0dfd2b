//! Pages of NVD's API, version 2.0: <https://nvd.nist.gov/developers/vulnerabilities>.
//!
//! Only scores, words and dates are taken. NVD's lists of affected products (CPE) name vendors and products as
//! nobody packages them, and never make a match here.

use super::{Emit, Feed, FeedError, Record, Skip, broken, nullable, shows};
use crate::advisory::instant;
use crate::{Enrichment, Rating, VulnerabilityId};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// Pages of NVD's API.
pub(super) const FEED: Feed = Feed { name: "nvd", recognise, parse };

fn recognise(_name: &str, head: &[u8]) -> bool {
    shows(head, "\"resultsPerPage\"") || shows(head, "\"NVD_CVE\"")
}

#[derive(Deserialize)]
struct Page<'d> {
    #[serde(borrow)]
    vulnerabilities: Vec<&'d RawValue>,
}

#[derive(Deserialize)]
struct Item {
    cve: Cve,
}

#[derive(Deserialize)]
struct Cve {
    id: VulnerabilityId,
    #[serde(default, deserialize_with = "nullable")]
    published: String,
    #[serde(rename = "lastModified", default, deserialize_with = "nullable")]
    modified: String,
    #[serde(default, deserialize_with = "nullable")]
    descriptions: Vec<Description>,
    #[serde(default, deserialize_with = "nullable")]
    metrics: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Description {
    lang: String,
    value: String,
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let page: Page<'_> = serde_json::from_slice(document).map_err(broken(FEED.name))?;
    for raw in page.vulnerabilities {
        let item = serde_json::from_str::<Item>(raw.get());
        emit(item.map(record).map_err(|error| Skip { place: FEED.name.to_owned(), why: error.to_string() }));
    }
    Ok(())
}

fn record(item: Item) -> Record {
    let cve = item.cve;
    let mut enrichment = Enrichment::new(cve.id);
    enrichment.description =
        cve.descriptions.into_iter().find(|text| text.lang == "en").map(|text| text.value);
    (enrichment.published, enrichment.modified) = (instant(&cve.published), instant(&cve.modified));
    // `cvssMetricV2`, `cvssMetricV31` and so on: lists of metrics, each with who gives it.
    for metric in cve.metrics.values().filter_map(Value::as_array).flatten() {
        let vector = metric.pointer("/cvssData/vectorString").and_then(Value::as_str);
        let source = metric.get("source").and_then(Value::as_str).unwrap_or("nvd@nist.gov");
        enrichment.ratings.extend(vector.and_then(|vector| Rating::from_vector(vector, source)));
    }
    Record::Enrichment(Box::new(enrichment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::enrichments;

    #[test]
    fn scores_words_and_dates_are_taken() {
        let text = r#"{"resultsPerPage":1,"vulnerabilities":[{"cve":{"id":"CVE-2023-0001","published":"2023-02-08T20:15:24.267",
            "descriptions":[{"lang":"es","value":"no"},{"lang":"en","value":"yes"}],
            "metrics":{"cvssMetricV31":[{"source":"nvd@nist.gov","cvssData":{"vectorString":"CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"}}],
                       "cvssMetricV99":[{}],"other":7}}}]}"#;
        let read = enrichments(&FEED, text).remove(0);
        assert_eq!(read.description.as_deref(), Some("yes"));
        assert_eq!(read.published.unwrap().to_string(), "2023-02-08T20:15:24.267Z");
        assert_eq!(read.ratings.len(), 1);
    }
}
