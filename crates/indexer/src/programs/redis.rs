//! Redis. The version stands alone between two NULs, or before the name of the machine that built it.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "redis",
    files: &["redis-server", "redis-check-rdb", "redis-check-aof", "redis-sentinel"],
    signs: &[
        r"\x00([2-8]\.[0-9]{1,2}\.[0-9]{1,2})\x00",
        r"[^0-9.]([2-8]\.[0-9]{1,2}\.[0-9]{1,2})buildkitsandbox-",
    ],
    sample: (b"\x007.2.4\x00", "7.2.4"),
};
