//! How large a record is, roughly: enough to keep any one of them from filling the pipe or the snapshot.

use crate::{Advisory, AffectedPackage, Enrichment, Extent, Rating, Record};

/// What an element of a list costs beside its texts.
const ELEMENT: usize = 96;

/// The texts of a record, and something for each element of its lists.
pub(super) fn record_bytes(record: &Record) -> usize {
    match record {
        Record::Advisory(advisory) => advisory_bytes(advisory),
        Record::Enrichment(enrichment) => enrichment_bytes(enrichment),
    }
}

fn advisory_bytes(advisory: &Advisory) -> usize {
    let names = [&advisory.aliases, &advisory.upstream, &advisory.related];
    names.into_iter().map(|names| texts(names)).sum::<usize>()
        + advisory.summary.len()
        + advisory.details.len()
        + ratings(&advisory.ratings)
        + advisory.references.iter().map(|link| link.kind.len() + link.url.len() + ELEMENT).sum::<usize>()
        + advisory.affected.iter().map(affected_bytes).sum::<usize>()
}

fn affected_bytes(affected: &AffectedPackage) -> usize {
    let extent = match &affected.extent {
        Extent::Never => 0,
        Extent::Unknown { why } => why.len(),
        Extent::Versions { ranges, versions } => {
            let range = |range: &crate::Range| {
                let end = match &range.end {
                    crate::End::Open => 0,
                    crate::End::Fixed(text) | crate::End::LastAffected(text) | crate::End::Limit(text) => {
                        text.len()
                    }
                };
                range.introduced.as_ref().map_or(0, String::len) + end + ELEMENT
            };
            ranges.iter().map(range).sum::<usize>() + texts(versions)
        }
    };
    affected.name.len() + affected.ecosystem.as_str().len() + ratings(&affected.ratings) + extent + ELEMENT
}

fn enrichment_bytes(enrichment: &Enrichment) -> usize {
    ratings(&enrichment.ratings) + enrichment.description.as_ref().map_or(0, String::len) + ELEMENT
}

fn ratings(ratings: &[Rating]) -> usize {
    // A vector has at most 512 bytes, see `Rating::from_vector`.
    ratings.iter().map(|rating| rating.source().len() + 512 + ELEMENT).sum()
}

fn texts(texts: &[String]) -> usize {
    texts.iter().map(|text| text.len() + ELEMENT).sum()
}
