//! HAProxy, whose older releases write themselves `HA-Proxy`. Its warnings name other versions, of two numbers, since which
//! something is not supported any more.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "haproxy",
    files: &["haproxy"],
    signs: &[
        r"version ([0-9]+\.[0-9]+\.[0-9]+)[^,\x00]{0,40}, released 20",
        r"\x00([0-9]+\.[0-9]+\.[0-9]+)-[0-9a-z.+~]{1,40}\x00",
        r"HA-?Proxy version ([0-9]+\.[0-9]+\.[0-9]+)",
    ],
    sample: (b"HA-Proxy version 1.8.30 2021/04/12\x00", "1.8.30"),
};
