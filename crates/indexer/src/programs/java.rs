//! Java development kits and runtimes: the file `release` at their root, which every build of OpenJDK has.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "java",
    files: &["release"],
    signs: &[r#"(?:^|\n)JAVA_VERSION="([0-9][0-9A-Za-z._+-]*)""#],
    sample: (b"IMPLEMENTOR=\x22Eclipse Adoptium\x22\x0aJAVA_VERSION=\x2217.0.9\x22\x0a", "17.0.9"),
};
