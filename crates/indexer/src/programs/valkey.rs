//! Valkey, whose build is called as that of Redis is, with its name in front.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "valkey",
    files: &["valkey-server", "valkey-check-rdb", "valkey-check-aof", "valkey-sentinel"],
    signs: &[
        r"valkey([7-9]\.[0-9]{1,2}\.[0-9]{1,2})1[4-9][0-9]{8}0{9}\x00",
        // A container goes by twelve digits, which may begin with one of ten.
        r"valkey([7-9]\.[0-9]{1,2}\.[0-9]{1,2})[0-9a-f]{12}-1[4-9][0-9]{8}",
        r"valkey([7-9]\.[0-9]{1,2}\.[0-9]{1,2})[A-Za-z0-9.-]{0,64}-1[4-9][0-9]{8}",
        r"\x00([7-9]\.[0-9]{1,2}\.[0-9]{1,2})\x00",
    ],
    sample: (b"MASTER\x003.2.0\x008.0.0\x00\x00valkey8.1.11792855166000000000\x00", "8.1.1"),
};
