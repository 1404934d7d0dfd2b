//! OpenSSH.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "openssh",
    files: &["ssh", "sshd", "sshd-session"],
    signs: &[r"\x00OpenSSH_([0-9]+\.[0-9]+p[0-9]+)"],
    sample: (b"\x00OpenSSH_9.2p1 Debian-2\x00", "9.2p1"),
};
