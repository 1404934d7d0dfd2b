//! Tor.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "tor",
    files: &["tor"],
    signs: &[r"\x00tor ([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)\x00", r"\(on Tor ([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+) "],
    sample: (b" (on Tor 0.4.9.11 )\x00", "0.4.9.11"),
};
