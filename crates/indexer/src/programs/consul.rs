//! Consul of HashiCorp. Its linker flags say the version, and so does its help.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "consul",
    files: &["consul"],
    signs: &[
        r"CONSUL_VERSION: ([0-9]+\.[0-9]+\.[0-9]+)",
        r"consul/version\.(?:Version|GitDescribe)=v?([0-9]+\.[0-9]+\.[0-9]+)",
        r"GitDescribe=v?([0-9]+\.[0-9]+\.[0-9]+)\x22",
        // What the linker set stands between NULs; since 1.13 the file `VERSION` of its source is in it, behind other texts.
        r"\x00v?(1\.[0-9]{1,2}\.[0-9]{1,2})\x00",
    ],
    sample: (b"CONSUL_VERSION: 1.15.2\x0a", "1.15.2"),
};
