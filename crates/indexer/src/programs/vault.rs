//! Vault of HashiCorp. Its version is set by the linker.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "vault",
    files: &["vault"],
    signs: &[r"vault/(?:sdk/)?version\.Version=([0-9]+\.[0-9]+\.[0-9]+)", r"Vault v([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"-X github.com/hashicorp/vault/version.Version=1.15.4 -X", "1.15.4"),
};
