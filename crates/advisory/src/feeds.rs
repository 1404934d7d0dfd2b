//! Feeds: the formats in which advisories and enrichments are published.
//!
//! One feed is one file in `feeds/` and one line in [`FEEDS`]; a test fails if the line is missing. A feed
//! recognises a document by its name and first bytes, and parses it into [`Record`]s. A record that cannot be read
//! is a [`Skip`] with its reason and never spoils the ones beside it.
//!
//! What this module does not do: unpack archives, which is `archive`'s business, and judge packages.

mod arch_security;
mod csaf_vex;
mod cvss_by_cve;
mod debian_lists;
mod debian_tracker;
mod epss;
mod known_exploited;
mod nvd;
mod osv;
mod oval;
mod photon;
mod secdb;
mod ubuntu_vex;
mod updateinfo;
mod vulnrichment;

use crate::{Advisory, Enrichment};
use serde::{Deserialize, Deserializer, Serialize};

/// One thing that a feed says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// An advisory.
    Advisory(Box<Advisory>),
    /// What is known of a vulnerability beside its advisories.
    Enrichment(Box<Enrichment>),
}

/// Something of a feed that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// Which document or record.
    pub place: String,
    /// Why.
    pub why: String,
}

/// Why a whole document could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not readable as {feed}: {why}")]
pub struct FeedError {
    /// The feed.
    pub feed: &'static str,
    /// What is wrong.
    pub why: String,
}

/// Where a feed hands its records to.
pub type Emit<'e> = &'e mut dyn FnMut(Result<Record, Skip>);

/// A format of feeds.
#[derive(Debug)]
pub struct Feed {
    /// The word for it, also the name of its file: `osv`, `secdb`.
    pub name: &'static str,
    /// Whether a document is of this format, by its name and its first bytes, of which there are up to
    /// [`HEAD_BYTES`].
    pub recognise: fn(&str, &[u8]) -> bool,
    /// Parses a document.
    pub parse: fn(&[u8], Emit<'_>) -> Result<(), FeedError>,
}

/// How many of the first bytes of a document are shown to [`Feed::recognise`].
pub const HEAD_BYTES: usize = 4096;

/// All feeds. The first that recognises a document parses it; OSV stands last because it is known by nothing but
/// being a JSON object.
pub const FEEDS: &[&Feed] = &[
    &secdb::FEED,
    &csaf_vex::FEED,
    &oval::FEED,
    &updateinfo::FEED,
    &ubuntu_vex::FEED,
    &photon::FEED,
    &arch_security::FEED,
    &debian_lists::FEED,
    &vulnrichment::FEED,
    &known_exploited::FEED,
    &nvd::FEED,
    &debian_tracker::FEED,
    &cvss_by_cve::FEED,
    &epss::FEED,
    &osv::FEED,
];

/// The feed of a document.
pub(crate) fn recognise(name: &str, document: &[u8]) -> Option<&'static Feed> {
    let head = document.get(..HEAD_BYTES).unwrap_or(document);
    FEEDS.iter().copied().find(|feed| (feed.recognise)(name, head))
}

/// Whether the first byte that is not white space opens a JSON object.
fn is_object(head: &[u8]) -> bool {
    head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// Whether the first byte that is not white space opens a JSON list.
fn is_list(head: &[u8]) -> bool {
    head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// Whether a JSON object shows one of the given words near its beginning.
fn shows(head: &[u8], word: &str) -> bool {
    is_object(head) && memchr::memmem::find(head, word.as_bytes()).is_some()
}

/// A JSON error as the reason of a feed.
fn broken(feed: &'static str) -> impl Fn(serde_json::Error) -> FeedError {
    move |error| FeedError { feed, why: error.to_string() }
}

/// Reads a field that some exporters write as `null` where they mean "empty".
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
#[path = "feeds"]
pub(crate) mod tests {
    #[path = "../../tests/support/documents.rs"]
    mod documents;

    use super::*;
    use documents::DOCUMENTS;
    use proptest::prelude::*;

    /// What a document says, and what was skipped.
    pub(crate) fn read(feed: &Feed, document: &str) -> (Vec<Record>, Vec<Skip>) {
        let (mut records, mut skips) = (Vec::new(), Vec::new());
        let result = (feed.parse)(document.as_bytes(), &mut |item| match item {
            Ok(record) => records.push(record),
            Err(skip) => skips.push(skip),
        });
        if let Err(error) = result {
            skips.push(Skip { place: String::new(), why: error.to_string() });
        }
        (records, skips)
    }

    /// The advisories among the records of a document.
    pub(crate) fn advisories(feed: &Feed, document: &str) -> Vec<Advisory> {
        let only = |record| match record {
            Record::Advisory(advisory) => Some(*advisory),
            Record::Enrichment(_) => None,
        };
        read(feed, document).0.into_iter().filter_map(only).collect()
    }

    /// The enrichments among the records of a document.
    pub(crate) fn enrichments(feed: &Feed, document: &str) -> Vec<Enrichment> {
        let only = |record| match record {
            Record::Advisory(_) => None,
            Record::Enrichment(enrichment) => Some(*enrichment),
        };
        read(feed, document).0.into_iter().filter_map(only).collect()
    }

    #[test]
    fn every_feed_file_is_registered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/feeds");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut names: Vec<_> = FEEDS.iter().map(|feed| feed.name.to_owned()).collect();
        names.sort();
        assert_eq!(files, names);
    }

    #[test]
    fn no_feed_panics_on_truncated_nested_or_empty_documents() {
        let nested = format!("{}{}", "{\"a\":".repeat(100_000), "[".repeat(100_000));
        let long = format!("{{\"id\":\"{}\"}}", "x".repeat(1 << 20));
        for feed in FEEDS {
            for document in
                ["", "{", "{}", "[]", "null", "{\"id\":", "\u{0}", "cve,epss\n,,,", &nested, &long]
            {
                let (records, _) = read(feed, document);
                assert_eq!(records, [], "{}", feed.name);
            }
        }
    }

    #[test]
    fn every_feed_recognises_its_documents_and_no_others() {
        for feed in FEEDS {
            let (_, document) = DOCUMENTS.iter().find(|(name, _)| *name == feed.name).unwrap();
            let name = if feed.name == "cvss_by_cve" { "a.jsonl" } else { "a.json" };
            assert_eq!(recognise(name, document.as_bytes()).unwrap().name, feed.name);
            let (records, skips) = read(feed, document);
            assert!(!records.is_empty(), "{}: {skips:?}", feed.name);
        }
        assert!(recognise("NOTICE", b"words").is_none());
    }

    proptest! {
        #[test]
        fn no_feed_panics_on_cut_or_changed_documents(
            cut in any::<prop::sample::Index>(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            for (_, document) in DOCUMENTS {
                let mut bytes = document.as_bytes().to_vec();
                let at = at.index(bytes.len());
                bytes[at] = byte;
                let cut = &bytes[..cut.index(bytes.len())];
                for feed in FEEDS {
                    let _ = (feed.parse)(cut, &mut |_| ());
                    let _ = (feed.parse)(&bytes, &mut |_| ());
                }
            }
        }
    }
}
