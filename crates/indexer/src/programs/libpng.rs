//! libpng.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "libpng",
    files: &["libpng*.so*"],
    signs: &[r"libpng version ([0-9]+\.[0-9]+\.[0-9]+)", r"\x00(1\.[2-6]\.[0-9]{1,2})\x00"],
    sample: (b"\x00libpng version 1.6.39\x0a\x00", "1.6.39"),
};
