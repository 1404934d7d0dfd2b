//! Expat.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "expat",
    files: &["libexpat.so*", "libexpat-*.so*"],
    signs: &[r"\x00expat_([0-9]+\.[0-9]+\.[0-9]+)\x00"],
    sample: (b"\x00expat_2.5.0\x00", "2.5.0"),
};
