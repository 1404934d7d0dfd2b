//! Grafana. What its linker sets are texts between NULs.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "grafana",
    files: &["grafana", "grafana-server"],
    signs: &[
        // The flags of the linker, where the build kept them.
        r"-X main\.version=([0-9]+\.[0-9]+\.[0-9]+(?:-beta[0-9]+|-test|-preview)?)",
        // The branch that it was built from.
        r"\x00release-([0-9]+\.[0-9]+\.[0-9]+(?:-beta[0-9]+|-test|-preview)?)(?:\+security-[0-9]+)?\x00",
        r"\x00([0-9]{2}\.[0-9]+\.[0-9]+-[0-9]{6,})\x00",
        r"[^0-9.]([0-9]{1,2}\.[0-9]+\.[0-9]+(?:-beta[0-9]+|-test|-preview)?)(?:\+security-[0-9]+)?\x00+(?:v[0-9]+\.[0-9]+\.x\x00|/usr/local/go|\$a)",
        r"HEAD\x00+(?::\x00+)?([0-9]+\.[0-9]+\.[0-9]+(?:-beta[0-9]+|-test|-preview)?)(?:\+security-[0-9]+)?\x00",
        r"\x00go1\.[0-9]+\.[0-9]+\x00+([0-9]{2}\.[0-9]+\.[0-9]+(?:-beta[0-9]+|-test|-preview)?)(?:\+security-[0-9]+)?\x00",
    ],
    sample: (b"\x00\x00\x00release-12.3.1\x00\x00", "12.3.1"),
};
