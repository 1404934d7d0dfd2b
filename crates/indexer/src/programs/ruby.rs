//! Ruby: the interpreter and its library.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "ruby",
    files: &["ruby", "libruby*.so*"],
    signs: &[r"ruby ([0-9]\.[0-9]{1,2}\.[0-9]{1,2}(?:(?:p|preview|rc|dev)[0-9]*)?) \("],
    sample: (b"ruby 3.2.2 (2023-03-30 revision e51014f9c0) [x86_64-linux]\x00", "3.2.2"),
};
