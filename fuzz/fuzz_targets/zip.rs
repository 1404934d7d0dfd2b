//! Java archives and Python eggs.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::files_of("zip", bytes));
