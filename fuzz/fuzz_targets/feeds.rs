//! Feeds of advisories, as files of every packing, and the snapshot that is compiled of them.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::advisories_of("feeds", bytes));
