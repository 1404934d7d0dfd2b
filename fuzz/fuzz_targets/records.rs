//! Records of advisories as they leave the jail.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::advisories_of("records", bytes));
