//! Queries: names, kinds and the plan, over tables with a column of each kind.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::plan_query(text));
