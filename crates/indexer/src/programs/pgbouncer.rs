//! PgBouncer.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "pgbouncer",
    files: &["pgbouncer"],
    signs: &[r"PgBouncer ([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"PgBouncer 1.18.0\x00", "1.18.0"),
};
