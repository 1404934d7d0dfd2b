//! Manifests in JSON.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::files_of("json_manifests", bytes));
