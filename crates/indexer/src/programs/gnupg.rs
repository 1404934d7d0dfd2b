//! GnuPG.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "gnupg",
    files: &["gpg", "gpg2"],
    signs: &[r"OpenPGP server ([0-9]+\.[0-9]+\.[0-9]+) ready"],
    sample: (b"GNU Privacy Guard's OpenPGP server 2.2.40 ready\x00", "2.2.40"),
};
