//! HAProxy, whose older releases write themselves `HA-Proxy`.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "haproxy",
    files: &["haproxy"],
    signs: &[
        r"HA-?Proxy version ([0-9]+\.[0-9]+(?:\.[0-9]+)?)",
        r"\x00([0-9]+\.[0-9]+\.[0-9]+)-[0-9a-f]{7,12}\x00",
    ],
    sample: (b"HA-Proxy version 1.8.30 2021/04/12\x00", "1.8.30"),
};
