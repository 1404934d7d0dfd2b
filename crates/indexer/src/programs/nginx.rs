//! nginx.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "nginx",
    files: &["nginx"],
    signs: &[
        r"nginx version: [^/\x00]{1,32}/([0-9]+\.[0-9]+\.[0-9]+)",
        r"\x00nginx/([0-9]+\.[0-9]+\.[0-9]+)\x00",
    ],
    sample: (b"nginx version: nginx/1.25.3\x00", "1.25.3"),
};
