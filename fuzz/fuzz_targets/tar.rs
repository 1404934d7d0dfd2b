//! The walk over an archive, with every extractor behind it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::layer_of(indexer::codec::Codec::Plain, bytes));
