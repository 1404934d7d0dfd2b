//! XZ Utils.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "xz",
    files: &["xz", "liblzma.so*", "liblzma-*.so*"],
    signs: &[r"xz \(XZ Utils\) ([0-9]+\.[0-9]+\.[0-9]+)", r"\x00(5\.[0-9]{1,2}\.[0-9]{1,2})\x00"],
    sample: (b"\x005.4.1\x00", "5.4.1"),
};
