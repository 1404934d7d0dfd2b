//! coturn.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "coturn",
    files: &["turnserver"],
    signs: &[r"Coturn-([0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?) "],
    sample: (b"Coturn-4.6.1 'Gorst'\x00", "4.6.1"),
};
