//! Redis. In some packages its server is a link to another of its programs, which are all the same.
//!
//! Alone between two NULs stand the versions since which there are commands too. Its own stands before the name of the
//! machine that built it, which may be empty, and the second of that.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "redis",
    files: &["redis-server", "redis-check-rdb", "redis-check-aof", "redis-sentinel"],
    signs: &[
        r"[^0-9.]([2-8]\.[0-9]{1,2}\.[0-9]{1,2})1[4-9][0-9]{8}0{9}\x00",
        // A container goes by twelve digits, which may begin with one of ten.
        r"[^0-9.]([2-8]\.[0-9]{1,2}\.[0-9]{1,2})[0-9a-f]{12}-1[4-9][0-9]{8}",
        r"[^0-9.]([2-8]\.[0-9]{1,2}\.[0-9]{1,2})[A-Za-z0-9.-]{0,64}-1[4-9][0-9]{8}",
        r"\x00([3-8]\.[0-9]{1,2}\.[0-9]{1,2})\x00",
    ],
    sample: (b"\x002.8.0\x005.0.0\x00txt\x008.0.21789404730000000000\x00_NAME\x002.1.0\x00", "8.0.2"),
};
