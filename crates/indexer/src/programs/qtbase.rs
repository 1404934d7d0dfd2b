//! Qt: its core library.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "qtbase",
    files: &["libQt*Core.so*"],
    signs: &[r"\x00Qt ([0-9]+\.[0-9]+\.[0-9]+) \(", r"QtCore library version ([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"\x00\x00Qt 6.5.0 (x86_64-little_endian-lp64 shared release build)\x00", "6.5.0"),
};
