//! curl and its library.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "curl",
    files: &["curl", "libcurl.so*", "libcurl-*.so*"],
    signs: &[
        r"(?:\x00|lib)curl/([0-9]+\.[0-9]+\.[0-9]+)",
        // Compilers take the first apart; what the library tells a dictionary stays whole.
        r"CLIENT libcurl ([0-9]+\.[0-9]+\.[0-9]+)",
        r"\x00([78]\.[0-9]{1,3}\.[0-9]{1,2})\x00[a-z0-9_]+-[a-z0-9_]+-linux-[a-z]+\x00",
    ],
    sample: (b"\x00libcurl/8.5.0\x00", "8.5.0"),
};
