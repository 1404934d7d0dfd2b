//! Conditions of roles: lexer and parser, what they grant, and the words for every fault.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::read_condition(text));
