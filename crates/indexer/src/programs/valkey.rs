//! Valkey, which descends from Redis.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "valkey",
    files: &["valkey-server", "valkey-check-rdb", "valkey-check-aof", "valkey-sentinel"],
    signs: &[r"\x00([7-9]\.[0-9]{1,2}\.[0-9]{1,2})\x00"],
    sample: (b"\x008.0.1\x00", "8.0.1"),
};
