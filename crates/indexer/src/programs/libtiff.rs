//! libtiff.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "libtiff",
    files: &["libtiff.so*", "libtiff-*.so*"],
    signs: &[r"LIBTIFF, Version ([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"LIBTIFF, Version 4.5.0\x0aCopyright (c)", "4.5.0"),
};
