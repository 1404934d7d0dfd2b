//! The controller of ingress by nginx, of Kubernetes.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "nginx-ingress-controller",
    files: &["nginx-ingress-controller"],
    signs: &[
        // The flags of the linker, where the build kept them; without them, what it set.
        r"version\.RELEASE=v?([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta)\.[0-9]+)?)",
        r"v([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta)\.[0-9]+)?)\x00+[^\x00]{0,8}\x00+go1\.[0-9]+",
        r"\x00go1\.[0-9]+(?:\.[0-9]+)?\x00+v([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta)\.[0-9]+)?)\x00",
        r"\x00v([0-9]+\.[0-9]+\.[0-9]+-(?:alpha|beta)\.[0-9]+)\x00",
    ],
    sample: (b"\x00\x00v1.15.1\x00\x00@e\x03\x00\x00\x00\x00go1.26.1\x00\x00", "1.15.1"),
};
