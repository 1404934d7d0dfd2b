//! MariaDB, which also goes by the names of MySQL's programs. The suffix tells them apart.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "mariadb",
    files: &["mariadbd", "mariadb", "mysqld", "mysql"],
    signs: &[r"([0-9]+\.[0-9]+\.[0-9]+)-MariaDB"],
    sample: (b"\x0010.11.6-MariaDB\x00", "10.11.6"),
};
