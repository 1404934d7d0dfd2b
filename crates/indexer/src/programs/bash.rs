//! GNU Bash. The sign is the one that SCCS searched for, and that Bash still carries.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "bash",
    files: &["bash"],
    signs: &[r"@\(#\)Bash version ([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"@(#)Bash version 5.2.15(1) release GNU\x00", "5.2.15"),
};
