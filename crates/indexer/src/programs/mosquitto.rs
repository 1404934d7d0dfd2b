//! Eclipse Mosquitto.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "mosquitto",
    files: &["mosquitto"],
    signs: &[r"\x00([12]\.[0-9]{1,2}\.[0-9]{1,2})\x00"],
    sample: (b"\x002.0.11\x00", "2.0.11"),
};
