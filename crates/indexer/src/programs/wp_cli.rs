//! WP-CLI, the command line of WordPress: an archive for PHP.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "wp-cli",
    files: &["wp", "wp-cli*.phar"],
    signs: &[r"wp-cli/wp-cli ([0-9]+\.[0-9]+\.[0-9]+)"],
    sample: (b"#!/usr/bin/env php\x0aphar wp-cli/wp-cli 2.9.0\x0a", "2.9.0"),
};
