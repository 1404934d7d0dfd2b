//! SQLite: its library, or the program where that is linked into it.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "sqlite",
    files: &["libsqlite3.so*", "libsqlite3-*.so*", "sqlite3"],
    signs: &[r"\x00(3\.[0-9]{1,2}\.[0-9]{1,2})\x00", r"[^0-9.](3\.[0-9]{1,2}\.[0-9]{1,2})\x00{4}"],
    sample: (b"\x003.40.1\x00", "3.40.1"),
};
