//! The inventory of a layer as it leaves the jail, and what coalescing makes of it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::inventory_of(bytes));
