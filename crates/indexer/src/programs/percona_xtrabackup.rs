//! Percona XtraBackup.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "percona-xtrabackup",
    files: &["xtrabackup"],
    signs: &[r"/percona-xtrabackup-([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"/mnt/workspace/percona-xtrabackup-8.0.35-30/storage/x.cc\x00", "8.0.35"),
};
