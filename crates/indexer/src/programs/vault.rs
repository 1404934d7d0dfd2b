//! Vault of HashiCorp. Its version is set by the linker.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "vault",
    files: &["vault"],
    signs: &[
        r"vault/(?:sdk/)?version\.Version=([0-9]+\.[0-9]+\.[0-9]+)",
        r"Vault v([0-9]+\.[0-9]+\.[0-9]+)",
        // Between 1.12 and 1.18 it is a text of the source, behind others.
        r"revoke(1\.[0-9]{1,2}\.[0-9]{1,2})[^0-9.]",
        // What follows it begins with a digit too.
        r"016x(1\.1[0-9]\.[0-9]{1,2})(?:123-abc|1\.49\.|[^0-9])",
        r"016x(1\.1[134]\.[0-9]{1,2})",
        r"state(1\.[0-9]{1,2}\.[0-9]{1,2}(?:-rc[0-9])?)[^0-9.]",
        r"\x00(1\.(?:[0-9]|1[0-9]|2[0-9])\.[0-9]{1,2})\x00",
    ],
    sample: (b"-X github.com/hashicorp/vault/version.Version=1.15.4 -X", "1.15.4"),
};
