//! ArangoDB, by its shell.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "arangodb",
    files: &["arangosh"],
    signs: &[r"([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9]+)?) (?:enterprise )?\[linux\]"],
    sample: (b"\x003.11.8 [linux]\x00", "3.11.8"),
};
