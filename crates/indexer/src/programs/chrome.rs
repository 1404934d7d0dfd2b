//! Chrome and Chromium.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "chrome",
    files: &["chrome", "chromium"],
    signs: &[r"\x00([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)\x00Default"],
    sample: (b"\x00127.0.6533.119\x00Default\x00", "127.0.6533.119"),
};
