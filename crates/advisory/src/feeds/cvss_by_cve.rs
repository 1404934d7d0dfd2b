//! CVSS vectors by CVE number, one JSON object a line:
//! `{"cve":"CVE-1999-0006","cvss":{"CVSS:3.1/AV:N/…":["vulnrichment"]}}`, each vector with who gives it.

use super::{Emit, Feed, FeedError, Record, Skip, shows};
use crate::{Enrichment, Rating, VulnerabilityId};
use serde::Deserialize;
use std::collections::BTreeMap;

/// CVSS vectors by CVE number.
pub(super) const FEED: Feed = Feed { name: "cvss_by_cve", recognise, parse };

fn recognise(name: &str, head: &[u8]) -> bool {
    name.contains(".jsonl") && shows(head, "\"cvss\"")
}

#[derive(Deserialize)]
struct Line {
    cve: VulnerabilityId,
    cvss: BTreeMap<String, Vec<String>>,
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    for line in document.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        emit(serde_json::from_slice(line).map(record).map_err(|error| Skip {
            place: String::from_utf8_lossy(line).chars().take(40).collect(),
            why: error.to_string(),
        }));
    }
    Ok(())
}

fn record(line: Line) -> Record {
    let mut enrichment = Enrichment::new(line.cve);
    for (vector, sources) in &line.cvss {
        enrichment.ratings.extend(Rating::from_vector(vector, &sources.join(", ")));
    }
    Record::Enrichment(Box::new(enrichment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::{enrichments, read};

    #[test]
    fn lines_are_read_and_broken_ones_skipped() {
        let text = concat!(
            r#"{"cve":"CVE-1999-0006","cvss":{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":["a","b"],"no":["c"]}}"#,
            "\n\n{\n"
        );
        let read_ones = enrichments(&FEED, text);
        assert_eq!(read_ones[0].ratings.iter().map(Rating::source).collect::<Vec<_>>(), ["a, b"]);
        assert_eq!(read(&FEED, text).1.len(), 1);
    }
}
