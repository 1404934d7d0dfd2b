//! Queries: lexer and parser, and the words for every fault.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::read_query(text));
