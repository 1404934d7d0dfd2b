//! The daily scores of the Exploit Prediction Scoring System: <https://www.first.org/epss/data_stats>.
//!
//! CSV with one remark line, one heading line, and `cve,probability,percentile`. No field is ever quoted.

use super::{Emit, Feed, FeedError, Record, Skip};
use crate::{Enrichment, ExploitPrediction, VulnerabilityId};

/// The daily scores of EPSS.
pub(super) const FEED: Feed = Feed { name: "epss", recognise, parse };

fn recognise(_name: &str, head: &[u8]) -> bool {
    head.starts_with(b"#model_version:") || head.starts_with(b"cve,epss,percentile")
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let text = std::str::from_utf8(document)
        .map_err(|error| FeedError { feed: FEED.name, why: error.to_string() })?;
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("cve,")) {
        emit(record(line).ok_or_else(|| Skip {
            place: line.chars().take(40).collect(),
            why: "the line is not `cve,probability,percentile`".to_owned(),
        }));
    }
    Ok(())
}

fn record(line: &str) -> Option<Record> {
    let mut fields = line.split(',');
    let mut enrichment = Enrichment::new(VulnerabilityId::new(fields.next()?).ok()?);
    let mut share = || fields.next()?.trim().parse::<f64>().ok().filter(|value| (0.0..=1.0).contains(value));
    enrichment.prediction = Some(ExploitPrediction { probability: share()?, percentile: share()? });
    Some(Record::Enrichment(Box::new(enrichment)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::{enrichments, read};

    #[test]
    fn scores_are_read_and_broken_lines_skipped() {
        let text =
            "#model_version:v1\ncve,epss,percentile\nCVE-1999-0001,0.01151,0.7802\nCVE-1999-0002,2,0\nCVE\n";
        let expected = ExploitPrediction { probability: 0.01151, percentile: 0.7802 };
        assert_eq!(enrichments(&FEED, text)[0].prediction, Some(expected));
        assert_eq!(read(&FEED, text).1.len(), 2);
    }
}
