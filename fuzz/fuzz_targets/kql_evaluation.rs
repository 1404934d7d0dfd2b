//! Queries: the whole way to the rows, with small budgets.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::run_query(text));
