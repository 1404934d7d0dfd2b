//! gzip.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "gzip",
    files: &["gzip"],
    signs: &[r"\x00(1\.[0-9]{1,2})\x00"],
    sample: (b"Written by Jean-loup Gailly.\x00\x001.12\x00", "1.12"),
};
