//! Istio: its control plane.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "pilot-discovery",
    files: &["pilot-discovery"],
    signs: &[
        r"version\.buildVersion=([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+(?:\.[0-9]+)?)?)",
        // What the linker sets stands twice, for the program and for its components.
        r"[0-9]+\.[0-9]+\.[0-9]+\x00+([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+(?:\.[0-9]+)?)?)\x00",
        r"Clean\x00+([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+(?:\.[0-9]+)?)?)\x00",
    ],
    sample: (b"\x001.26.8\x00\x001.26.8\x00", "1.26.8"),
};
