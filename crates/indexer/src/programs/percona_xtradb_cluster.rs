//! Percona XtraDB Cluster: MySQL from another builder.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "percona-xtradb-cluster",
    files: &["mysql", "mysqld"],
    signs: &[r"/Percona-XtraDB-Cluster-([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"/mnt/jenkins/Percona-XtraDB-Cluster-8.0.34-26/mysys/my_default.cc\x00", "8.0.34"),
};
