//! Composer: its archive for PHP lists itself among what is installed in it.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "composer",
    files: &["composer*"],
    signs: &[r"'pretty_version'\s*=>\s*'v?([0-9]+\.[0-9]+\.[0-9]+(?:-?(?:alpha|beta|RC)[0-9]+)?)'"],
    sample: (b"#!/usr/bin/env php\x0a'root' => array('pretty_version' => '2.6.5',", "2.6.5"),
};
