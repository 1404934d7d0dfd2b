//! FFmpeg: its programs. Its libraries have versions of their own.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "ffmpeg",
    files: &["ffmpeg", "ffprobe"],
    signs: &[r"%s version n?([0-9]+\.[0-9]+(?:\.[0-9]+)?)"],
    sample: (b"%s version 5.1.9-0+deb12u1\x00", "5.1.9"),
};
