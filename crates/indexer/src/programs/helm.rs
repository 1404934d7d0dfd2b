//! Helm. Its version is set by the linker.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "helm",
    files: &["helm"],
    // What the linker sets is a string between two NULs. Builds with `-trimpath` keep no flags, only that.
    signs: &[
        r"helm/v[34]/internal/version\.version=v([0-9]+\.[0-9]+\.[0-9]+)",
        r"\x00v([34]\.[0-9]+\.[0-9]+)\x00",
    ],
    sample: (b"-X helm.sh/helm/v3/internal/version.version=v3.13.2 -X", "3.13.2"),
};
