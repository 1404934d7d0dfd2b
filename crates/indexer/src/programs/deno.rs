//! Deno.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "deno",
    files: &["deno"],
    signs: &[r"[^-]Deno/([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"node-globalsdenover2.9.6e518fbdDeno/2.9.6Deno/2.9.6+e518fbd", "2.9.6"),
};
