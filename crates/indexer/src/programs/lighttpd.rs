//! lighttpd.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "lighttpd",
    files: &["lighttpd"],
    signs: &[r"lighttpd/([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"\x00lighttpd/1.4.73\x00", "1.4.73"),
};
