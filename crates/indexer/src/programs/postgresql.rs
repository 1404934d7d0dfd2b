//! PostgreSQL: the server and its client.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "postgresql",
    files: &["postgres", "psql"],
    signs: &[
        r"PostgreSQL\) ([0-9]+(?:\.[0-9]+){1,2})",
        r"PostgreSQL ([0-9]+(?:\.[0-9]+){1,2}) on ",
        r"PostgreSQL\) ([0-9]+(?:\.[0-9]+)?(?:alpha|beta|rc)[0-9]+)",
    ],
    sample: (b"postgres (PostgreSQL) 16.1\x0a\x00", "16.1"),
};
