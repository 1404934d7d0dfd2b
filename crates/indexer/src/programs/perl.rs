//! Perl, by the place of its modules that was built in.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "perl",
    files: &["perl", "perl5*", "libperl.so*"],
    signs: &[r"/perl5?/(5\.[0-9]+\.[0-9]+)"],
    sample: (b"\x00/usr/local/lib/perl5/5.38.2\x00", "5.38.2"),
};
