//! What reading layers costs at the least: the digest of each file and the decompression of it into nothing.
//!
//! `cargo xtask bench inventory` calls it with a media type and a file for each layer, and puts the inventory beside it.
//! It prints seconds of processor time. Without arguments it has nothing to measure.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark stops where something is wrong")]

use indexer::Limits;
use indexer::codec::Decoded;
use oci::{Algorithm, Hasher};
use std::fs::File;
use std::io::Read;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let mut buffer = vec![0; 128 << 10];
    // Once for the cache of the kernel, without counting it.
    for file in words.iter().skip(1).step_by(2) {
        let mut file = File::open(file).unwrap();
        while file.read(&mut buffer).unwrap() > 0 {}
    }
    let before = processor_seconds();
    for layer in words.chunks_exact(2) {
        let [media_type, file] = layer else { continue };
        let mut input = File::open(file).unwrap();
        let mut hasher = Hasher::new(Algorithm::Sha256);
        loop {
            let count = input.read(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
        }
        std::hint::black_box(hasher.finish());
        let mut decoded = Decoded::open(File::open(file).unwrap(), media_type, &Limits::default()).unwrap();
        while decoded.read(&mut buffer).unwrap() > 0 {}
    }
    println!("{:.2}", processor_seconds() - before);
}

/// What this process has used, in user and system mode: fields 14 and 15 of `proc(5)` `stat`, in hundredths.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program may have blanks in it.
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    fields.skip(11).take(2).map(|field| field.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
