//! What is attached to images and signed: DSSE, bundles of Sigstore, simple signing.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::advisories_of("envelope", bytes));
