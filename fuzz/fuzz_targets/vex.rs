//! What users know better: OpenVEX, CSAF and CycloneDX.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::advisories_of("vex", bytes));
