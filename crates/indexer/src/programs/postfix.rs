//! Postfix: the program that starts the others.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "postfix",
    files: &["postfix/sbin/master", "postfix/master"],
    signs: &[r"mail_version=([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"mail_version=3.7.11\x00", "3.7.11"),
};
