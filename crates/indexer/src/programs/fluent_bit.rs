//! Fluent Bit.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "fluent-bit",
    files: &["fluent-bit"],
    signs: &[r"\x00([0-9]+\.[0-9]+\.[0-9]+)\x00+(?:\x1b\[1m\x00+)?(?:%s)?Fluent"],
    sample: (b"\x003.0.2\x00%sFluent Bit v%s\x00", "3.0.2"),
};
