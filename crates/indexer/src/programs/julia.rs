//! Julia: its runtime library.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "julia",
    files: &["libjulia-internal.so*"],
    signs: &[r"__init__\x00([0-9]+\.[0-9]+\.[0-9]+)\x00verify"],
    sample: (b"\x00__init__\x001.9.3\x00verify\x00", "1.9.3"),
};
