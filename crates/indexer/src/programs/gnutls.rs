//! GnuTLS.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "gnutls",
    files: &["libgnutls.so*", "libgnutls-*.so*"],
    signs: &[r"Enabled GnuTLS ([0-9]+\.[0-9]+\.[0-9]+) logging"],
    sample: (b"Enabled GnuTLS 3.7.9 logging...\x00", "3.7.9"),
};
