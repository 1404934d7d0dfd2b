//! Bills of materials and package URLs.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::documents::bills(bytes));
