//! musl: its loader is the whole library.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "musl",
    files: &["ld-musl-*.so.1", "libc.musl-*.so.1"],
    signs: &[r"\x00(1\.[0-9]\.[0-9]{1,2})(?:_git[^\x00]{0,64})?\x00"],
    sample: (b"\x001.2.3\x00musl libc (x86_64)", "1.2.3"),
};
