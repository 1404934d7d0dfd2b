//! `cargo xtask match-quality`: precision, recall and F1 of our matches, by ecosystem.
//!
//! The figures come from the tests that hold them to what was reached, so that there is one way of counting. Beside
//! the project must lie the real data, or below `LAZARETTO_SHARED`; without them the tests say that they were skipped.

use crate::step;
use anyhow::Result;

/// `cargo xtask match-quality`.
pub(crate) const COMMAND: crate::Command = crate::Command {
    name: "match-quality",
    purpose: "precision, recall and F1 of matches, beside an independent matcher and human labels",
    run,
};

fn run(_words: &[String]) -> Result<()> {
    let tests = ["test", "--package", "advisory", "--test", "real_advisories", "--"];
    let only = ["match_quality", "--nocapture", "--test-threads=1"];
    step::run("cargo", &[tests.as_slice(), only.as_slice()].concat())
}
