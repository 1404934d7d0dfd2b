//! Node.js. The name of its source archive stands in what `process.release` gives.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "node",
    files: &["node", "nodejs", "libnode.so*"],
    signs: &[
        r"node\.js/v([0-9]+\.[0-9]+\.[0-9]+)",
        // Those before 7 have it alone.
        r"\x00(?:node )?v([0456]\.[0-9]+\.[0-9]+)\x00",
        r"nodejs\.org/download/release/v([0-9]+\.[0-9]+\.[0-9]+)/",
    ],
    sample: (b"\x00node.js/v20.10.0\x00", "20.10.0"),
};
