//! sudo.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "sudo",
    files: &["sudo"],
    signs: &[r"\x00(1\.[89]\.[0-9]{1,2}(?:p[0-9]{1,2})?)\x00"],
    sample: (b"\x001.9.13p3\x00", "1.9.13p3"),
};
