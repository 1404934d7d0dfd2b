//! PyPy: its library, which holds the whole interpreter.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "pypy",
    files: &["libpypy*.so*"],
    signs: &[r"\[PyPy ([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"\x003.10.14 (39dc8d3c85a7, Aug 27 2024)\x0a[PyPy 7.3.17 with GCC]\x00", "7.3.17"),
};
