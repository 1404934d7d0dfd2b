//! Versions in every order, and the laws of an order.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::documents::versions(text));
