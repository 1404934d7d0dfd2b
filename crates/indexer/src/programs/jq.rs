//! jq.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "jq",
    files: &["jq"],
    signs: &[r"\x00(?:jq-)?(1\.[0-9]{1,2}(?:\.[0-9]{1,2})?(?:rc[0-9]+)?)\x00"],
    sample: (b"Usage:\x09%s\x00\x001.7.1\x00", "1.7.1"),
};
