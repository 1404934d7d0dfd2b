//! The C library of GNU, which says what it is when somebody executes it.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "glibc",
    files: &["libc.so.6", "libc-2.*.so"],
    signs: &[r"GNU C Library [^\x00]{1,80}release version ([0-9]+\.[0-9]+)"],
    sample: (b"GNU C Library (GNU libc) stable release version 2.36.\x0a", "2.36"),
};
