//! Varnish.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "varnish",
    files: &["varnishd"],
    signs: &[r"[Vv]arnish[ -]([0-9]+\.[0-9]+\.[0-9]+) (?:revision )?[0-9a-f]{40}"],
    sample: (b"Varnish 7.1.1 7cee1c581bead20e88d101ab3d72afb29f14d87a\x00", "7.1.1"),
};
