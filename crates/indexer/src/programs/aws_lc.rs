//! AWS-LC: OpenSSL from another builder, under its name.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "aws-lc",
    files: &["openssl", "libcrypto.so*"],
    signs: &[r"AWS-LC ([0-9]+\.[0-9]+\.[0-9]+)\)\x00"],
    sample: (b"\x00OpenSSL 1.1.1 (compatible; AWS-LC 1.32.0)\x00", "1.32.0"),
};
