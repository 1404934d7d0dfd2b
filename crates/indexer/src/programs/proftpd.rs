//! ProFTPD.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "proftpd",
    files: &["proftpd"],
    signs: &[r"ProFTPD Version ([0-9]+\.[0-9]+\.[0-9]+[a-z]?)"],
    sample: (b"ProFTPD Version 1.3.8\x00", "1.3.8"),
};
