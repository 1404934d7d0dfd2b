//! libssh.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "libssh",
    files: &["libssh.so*", "libssh-*.so*"],
    signs: &[r"SSH-2\.0-libssh_([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"SSH-2.0-libssh_0.10.6\x00", "0.10.6"),
};
