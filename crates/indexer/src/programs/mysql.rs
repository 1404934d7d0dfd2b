//! MySQL. The path of its source stands in it; a server of MariaDB has none like that.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "mysql",
    files: &["mysqld", "mysql"],
    signs: &[
        r"mysql-(8\.[0-9]+\.[0-9]+|5\.[0-9]+\.[0-9]+|9\.[0-9]+\.[0-9]+)",
        // Where the path of its source was taken out.
        r"\x00([589]\.[0-9]+\.[0-9]+)\x00+mysql_real_esc",
    ],
    sample: (b"/export/home/pb2/build/mysql-8.0.35/sql/x.cc\x00", "8.0.35"),
};
