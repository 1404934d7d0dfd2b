//! The database of dpkg, and the other texts of lines and stanzas.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::files_of("dpkg", bytes));
