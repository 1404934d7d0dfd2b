//! BusyBox. Its archive holds the program under the first of its 400 names, which sorts as `[`, and links for the
//! others.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "busybox",
    files: &["busybox*", "[", "[[", "acpid", "ash", "sh"],
    signs: &[r"BusyBox v([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"BusyBox v1.36.1 (2023-11-14 22:13:20 UTC)\x00", "1.36.1"),
};
