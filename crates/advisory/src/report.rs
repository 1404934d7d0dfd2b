//! What came of reading a source: counts, and what was skipped.

use crate::{Record, Skip};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many skipped things are named. All are counted.
const NAMED_SKIPS: usize = 50;

/// The longest text of a skip, in bytes: it quotes foreign bytes.
const SKIP_BYTES: usize = 300;

/// What came of reading a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Documents by feed.
    pub documents: BTreeMap<String, u64>,
    /// Advisories that were read, without the withdrawn ones.
    pub advisories: u64,
    /// Advisories that were read and have been withdrawn.
    pub withdrawn: u64,
    /// Enrichments that were read.
    pub enrichments: u64,
    /// How many documents and records were not read.
    pub skipped: u64,
    /// The first of them.
    pub skips: Vec<Skip>,
}

impl SourceReport {
    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.advisories == 0 && self.withdrawn == 0 && self.enrichments == 0
    }

    /// Counts a record that another report has counted before, where two are put together.
    pub fn recount(&mut self, record: &Record) {
        self.count(record);
    }

    /// Counts a record.
    pub(crate) fn count(&mut self, record: &Record) {
        match record {
            Record::Advisory(advisory) if advisory.withdrawn.is_some() => self.withdrawn += 1,
            Record::Advisory(_) => self.advisories += 1,
            Record::Enrichment(_) => self.enrichments += 1,
        }
    }

    /// Counts something that was not read, and names it if it is among the first.
    pub(crate) fn skip(&mut self, mut skip: Skip) {
        self.skipped += 1;
        if self.skips.len() < NAMED_SKIPS {
            shorten(&mut skip.place);
            shorten(&mut skip.why);
            self.skips.push(skip);
        }
    }
}

fn shorten(text: &mut String) {
    text.truncate(text.floor_char_boundary(SKIP_BYTES));
}
