//! Erlang/OTP: the file `OTP_VERSION` of each release that is installed.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "erlang",
    files: &["OTP_VERSION"],
    signs: &[r"^([0-9]{2}(?:\.[0-9]+){1,4})\s*$"],
    sample: (b"25.2.3\x0a", "25.2.3"),
};
