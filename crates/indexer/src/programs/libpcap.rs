//! libpcap.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "libpcap",
    files: &["libpcap.so*", "libpcap-*.so*"],
    signs: &[r"libpcap version ([0-9]+\.[0-9]+(?:\.[0-9]+)?)"],
    sample: (b"libpcap version 1.10.3 (with TPACKET_V3)\x00", "1.10.3"),
};
