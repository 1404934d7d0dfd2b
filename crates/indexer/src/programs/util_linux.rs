//! util-linux, by the one of its programs that each build has.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "util-linux",
    files: &["getopt"],
    signs: &[r"util-linux ([0-9]+\.[0-9]+(?:\.[0-9]+)?)\x00"],
    sample: (b"%s from %s\x0a\x00util-linux 2.37.4\x00", "2.37.4"),
};
