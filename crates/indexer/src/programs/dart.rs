//! The Dart virtual machine.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "dart",
    files: &["dart", "dartvm", "dartaotruntime"],
    signs: &[r"([23]\.[0-9]+\.[0-9]+(?:-[0-9.]+\.(?:beta|dev))?) \((?:stable|beta|dev|be)\) \("],
    sample: (b"3.13.7 (stable) (Thu Oct 22 14:28:57 2026 -0700) on \"linux_x64\"\x00", "3.13.7"),
};
