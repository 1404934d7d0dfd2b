//! Consul of HashiCorp. Its linker flags say the version, and so does its help.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "consul",
    files: &["consul"],
    signs: &[
        r"CONSUL_VERSION: ([0-9]+\.[0-9]+\.[0-9]+)",
        r"consul/version\.Version=([0-9]+\.[0-9]+\.[0-9]+)",
    ],
    sample: (b"CONSUL_VERSION: 1.15.2\x0a", "1.15.2"),
};
