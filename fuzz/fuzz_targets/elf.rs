//! Executables: Go and Rust programs, and the signs of others.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::files_of("elf", bytes));
