//! Compressed layers: the framing of gzip and zstd. The first byte chooses which.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| if let Some((flag, rest)) = bytes.split_first() {
    let codec = if flag & 1 == 0 { indexer::codec::Codec::Gzip } else { indexer::codec::Codec::Zstd };
    fuzz::layer_of(codec, rest);
});
