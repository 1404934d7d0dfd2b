//! vsftpd.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "vsftpd",
    files: &["vsftpd"],
    signs: &[r"vsFTPd ([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"(vsFTPd 3.0.3)\x00", "3.0.3"),
};
