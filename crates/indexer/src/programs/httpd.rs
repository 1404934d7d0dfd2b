//! The Apache HTTP Server, as programs and distributions call it: `httpd` or `apache2`.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "httpd",
    files: &["httpd", "apache2"],
    signs: &[r"Apache/([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"x\x00Apache/2.4.57 (Unix)\x00", "2.4.57"),
};
