//! SWI-Prolog, by the place where it looks for its library.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "swipl",
    files: &["swipl"],
    signs: &[r"swipl-([0-9]+\.[0-9]+\.[0-9]+)/"],
    sample: (b"/build/swipl-9.1.22/src/os/pl-file.c\x00", "9.1.22"),
};
