//! BIND: its server, which is linked against libraries that bear the version in their names.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "bind",
    files: &["named"],
    signs: &[r"libdns-([0-9]+\.[0-9]+\.[0-9]+)[^/\x00]{0,64}\.so"],
    sample: (b"libdns-9.18.24.so\x00", "9.18.24"),
};
