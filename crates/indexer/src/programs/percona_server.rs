//! Percona Server: MySQL from another builder.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "percona-server",
    files: &["mysql", "mysqld"],
    signs: &[r"/percona-server-([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"/mnt/workspace/percona-server-8.0.34-26/mysys/my_default.cc\x00", "8.0.34"),
};
