//! Git.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "git",
    files: &["git"],
    signs: &[r"[^a-z]git/([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"\x00git/2.39.5\x00", "2.39.5"),
};
