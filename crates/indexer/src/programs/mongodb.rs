//! MongoDB. Its version stands before one of the names of its report on itself.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "mongodb",
    files: &["mongod", "mongos"],
    signs: &[r"[^0-9.]([0-9]+\.[0-9]+\.[0-9]+)\x00+(?:tcmalloc|heap_size|cppdefines)"],
    sample: (b"\x007.0.28\x00heap_size\x00", "7.0.28"),
};
