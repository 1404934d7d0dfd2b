//! Istio: the agent beside its proxies.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "pilot-agent",
    files: &["pilot-agent"],
    signs: &[
        r"version\.buildVersion=([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+(?:\.[0-9]+)?)?)",
        // What the linker sets stands twice, for the program and for its components.
        r"[0-9]+\.[0-9]+\.[0-9]+\x00+([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+(?:\.[0-9]+)?)?)\x00",
        r"Clean\x00+([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+(?:\.[0-9]+)?)?)\x00",
    ],
    sample: (b"\x00Clean\x00\x00\x001.8.0\x00", "1.8.0"),
};
