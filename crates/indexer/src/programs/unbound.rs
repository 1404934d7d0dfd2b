//! Unbound.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "unbound",
    files: &["unbound"],
    signs: &[r"\x00unbound ([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"\x00unbound 1.17.1\x00", "1.17.1"),
};
