//! dnsmasq.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "dnsmasq",
    files: &["dnsmasq"],
    signs: &[r"\x00dnsmasq-([0-9]+\.[0-9]+)"],
    sample: (b"\x00dnsmasq-2.90\x00", "2.90"),
};
