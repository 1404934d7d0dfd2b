//! The database of rpm in its three forms, and that of Nix.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::files_of("rpm", bytes));
