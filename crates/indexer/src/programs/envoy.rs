//! Envoy. Its version stands among the names of its features.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "envoy",
    files: &["envoy"],
    signs: &[
        r"(?s-u:\x00(1\.[0-9]{1,2}\.[0-9]{1,2}(?:-dev)?)\x00.{0,1000}envoy[._]reloadable_features)",
        r"(?s-u:envoy_quic_.{0,1000}\x00(1\.2[0-9]\.[0-9]{1,2}(?:-dev)?)\x00)",
        r"(?s-u:\x00(1\.[12][0-9]\.[0-9]{1,2}(?:-dev)?)\x00.{0,1000}Unable to)",
        r"(?s-u:\x00(1\.[0-9]{1,2}\.[0-9]{1,2}(?:-dev)?)\x00.{0,20}RELEASE)",
    ],
    sample: (b"\x001.36.4\x00\x00envoy_reloadable_features_x\x00", "1.36.4"),
};
