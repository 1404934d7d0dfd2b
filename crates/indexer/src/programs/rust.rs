//! The toolchain of Rust: the library of its compiler.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "rust",
    files: &["librustc_driver-*.so", "libstd-*.so"],
    signs: &[
        r"rustc version ([0-9]+\.[0-9]+\.[0-9]+)",
        // Where distributions built it.
        r"/rustc-([0-9]+\.[0-9]+\.[0-9]+)/compiler/",
    ],
    sample: (b"\x00rustc version 1.74.1 (a28077b28 2023-12-04)", "1.74.1"),
};
