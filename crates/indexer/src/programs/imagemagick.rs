//! ImageMagick: its library, or the program where that is linked into it.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "imagemagick",
    files: &["libMagickCore-*.so*", "magick"],
    signs: &[r"ImageMagick ([0-9]+\.[0-9]+\.[0-9]+-[0-9]+) "],
    sample: (b"ImageMagick 6.9.11-60 Q16 x86_64 2021-01-25 https://imagemagick.org\x00", "6.9.11-60"),
};
