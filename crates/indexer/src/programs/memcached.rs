//! memcached.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "memcached",
    files: &["memcached"],
    signs: &[r"memcached ([0-9]+\.[0-9]+\.[0-9]+)", r"\x00([0-9]+\.[0-9]+\.[0-9]+)\x00"],
    sample: (b"memcached 1.6.22\x00", "1.6.22"),
};
