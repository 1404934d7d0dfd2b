//! GNU Wget.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "wget",
    files: &["wget"],
    signs: &[r"\x00(1\.[12][0-9](?:\.[0-9]{1,2})?)\x00"],
    sample: (b"\x001.21.3\x00", "1.21.3"),
};
