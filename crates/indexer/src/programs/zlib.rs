//! zlib.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "zlib",
    files: &["libz.so*", "libz-*.so*"],
    signs: &[
        r" (?:de|in)flate ([0-9]+\.[0-9]+(?:\.[0-9]+){0,2}) Copyright",
        r"\x00(1\.[23](?:\.[0-9]{1,2}){0,2})\x00",
    ],
    sample: (b" deflate 1.2.13 Copyright 1995-2022 Jean-loup Gailly and Mark Adler ", "1.2.13"),
};
