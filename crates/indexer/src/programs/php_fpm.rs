//! PHP: the server behind a web server.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "php-fpm",
    files: &["php-fpm*"],
    signs: &[r"X-Powered-By: PHP/([0-9]+\.[0-9]+\.[0-9]+(?:(?:alpha|beta|RC)[0-9]+)?)"],
    sample: (b"X-Powered-By: PHP/8.2.13\x00", "8.2.13"),
};
