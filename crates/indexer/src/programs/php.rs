//! PHP: the program, its module of Apache and its process manager, by a header that they send.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "php",
    files: &["php", "php-cgi", "php-fpm*", "php7*", "php8*", "libphp*.so"],
    signs: &[r"X-Powered-By: PHP/([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"X-Powered-By: PHP/8.2.13\x00", "8.2.13"),
};
