//! A compiled snapshot, with every question that is asked of one.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::advisories_of("snapshot", bytes));
