//! The toolchain of Go: the file `VERSION` at its root. What programs carry of it is their package `stdlib`.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "go",
    files: &["VERSION"],
    signs: &[r"^go([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:rc[0-9]+|beta[0-9]+)?)\r?(?:\n|$)"],
    sample: (b"go1.21.5\x0atime 2023-11-29T20:21:19Z\x0a", "1.21.5"),
};
