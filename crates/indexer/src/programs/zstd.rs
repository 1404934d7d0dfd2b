//! Zstandard.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "zstd",
    files: &["zstd", "libzstd.so*", "libzstd-*.so*"],
    signs: &[r"\x00v(1\.[0-9]\.[0-9]{1,2})\x00Zstandard", r"[^0-9.v](1\.[3-9]\.[0-9]{1,2})\x00"],
    sample: (b"\x001.5.4\x00", "1.5.4"),
};
