//! nghttp2: its library.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "nghttp2",
    files: &["libnghttp2.so*", "libnghttp2-*.so*"],
    signs: &[r"[^0-9.](1\.[0-9]{2}\.[0-9]{1,2})\x00"],
    sample: (b"\x001.52.0\x00", "1.52.0"),
};
