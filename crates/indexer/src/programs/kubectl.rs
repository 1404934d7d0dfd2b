//! kubectl of Kubernetes. Its version is set by the linker.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "kubectl",
    files: &["kubectl"],
    // What the linker sets is a string between two NULs. Builds with `-trimpath` keep no flags, only that.
    signs: &[
        r"component-base/version\.gitVersion=v([0-9]+\.[0-9]+\.[0-9]+)",
        r"\x00v(1\.[0-9]+\.[0-9]+)\x00",
    ],
    sample: (b"-X 'k8s.io/component-base/version.gitVersion=v1.28.4' -X", "1.28.4"),
};
