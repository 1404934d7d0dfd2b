//! Stack, the builder of Haskell projects.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "haskell/stack",
    files: &["stack"],
    signs: &[r"Version\s*([0-9]+\.[0-9]+\.[0-9]+), Git"],
    sample: (b"\x00Version 2.13.1, Git revision 8102bd8\x00", "2.13.1"),
};
