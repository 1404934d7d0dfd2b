//! OpenJDK, by the program that starts it, where the file `release` was left out.
//!
//! Where that file is there, it speaks for all programs below its folder.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "openjdk",
    files: &["java"],
    signs: &[
        r"\x00openjdk\x00java\x00[0-9.]+\x00([0-9]+[0-9A-Za-z.+_-]+)\x00",
        // Builds for other machines put the texts in another order.
        r"\x00[0-9.]+\x00+([0-9]+\.[0-9A-Za-z.+_-]+)\x00+openjdk\x00java\x00",
    ],
    sample: (b"\x00openjdk\x00java\x000.0\x0017.0.9+9-LTS\x00", "17.0.9+9-LTS"),
};
