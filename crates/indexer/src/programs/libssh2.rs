//! libssh2.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "libssh2",
    files: &["libssh2.so*", "libssh2-*.so*"],
    signs: &[r"SSH-2\.0-libssh2_([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"SSH-2.0-libssh2_1.10.0\x0d\x0a\x00", "1.10.0"),
};
