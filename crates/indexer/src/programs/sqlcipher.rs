//! SQLCipher. SQLite, which is in it, counts from 3 on.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "sqlcipher",
    files: &["sqlcipher", "libsqlcipher.so*"],
    signs: &[r"\x00(4\.[0-9]{1,2}\.[0-9]{1,2})(?: community)?\x00"],
    sample: (b"\x003.44.2\x00\x00x\x004.5.6\x00", "4.5.6"),
};
