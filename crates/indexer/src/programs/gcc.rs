//! GCC, which compiles itself last and says so in what it made.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "gcc",
    files: &["gcc"],
    signs: &[r"GCC: \(GNU\) ([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"\x00GCC: (GNU) 12.3.0\x00", "12.3.0"),
};
