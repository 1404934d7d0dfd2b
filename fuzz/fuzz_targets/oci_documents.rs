//! Manifests, indexes, image configurations and references.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::documents::oci_documents(bytes));
