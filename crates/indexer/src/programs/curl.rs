//! curl and its library.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "curl",
    files: &["curl", "libcurl.so*", "libcurl-gnutls.so*"],
    signs: &[r"(?:\x00|lib)curl/([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"\x00libcurl/8.5.0\x00", "8.5.0"),
};
