//! Megabytes of tar per CPU-second of the whole walk, beside bare decompression of the same bytes in the same run.
//!
//! `cargo bench -p indexer` makes a layer of 700 MB (`LAYER_WALK_MIB` for another size) from a seed: text, programs,
//! package manifests and noise, about as compressible as a real one. CPU time is that of this thread as Linux counts
//! it, so a busy machine disturbs little. Each figure is the best of three.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops where something is wrong"
)]

use indexer::build::{LayerBuilder, media_type};
use indexer::codec::Codec;
use indexer::{Limits, index_layer};
use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};

const RUNS: usize = 3;

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let is_test = !std::env::args().any(|word| word == "--bench");
    let asked = std::env::var("LAYER_WALK_MIB").ok().and_then(|text| text.parse::<u64>().ok());
    let size = asked.unwrap_or(if is_test { 2 } else { 700 }) << 20;
    let folder = tempfile::tempdir().unwrap();
    for codec in [Codec::Gzip, Codec::Zstd] {
        let path = folder.path().join("layer");
        make_layer(&path, codec, size);
        let stored = path.metadata().unwrap().len();
        println!("{codec}: {} MB of tar in {} MB", size / 1_000_000, stored / 1_000_000);
        for buffer in [64 << 10, 128 << 10, 256 << 10] {
            let name = format!("bare, reads of {} KiB", buffer >> 10);
            report(&name, || bare(&path, codec, buffer));
        }
        reset_peak();
        report("index_layer", || {
            let inventory =
                index_layer(File::open(&path).unwrap(), media_type(codec), &Limits::default()).unwrap();
            assert!(!inventory.databases.is_empty());
            inventory.statistics.uncompressed_bytes
        });
        println!("  {:<24} {:>8.1} MB resident at most", "", mega(peak_memory()));
    }
}

/// Runs something that returns the bytes it handled, and prints the best rate.
fn report(name: &str, run: impl Fn() -> u64) {
    let mut best = f64::INFINITY;
    let mut bytes = 0;
    for _ in 0..RUNS {
        let start = cpu_nanoseconds();
        bytes = black_box(run());
        best = best.min(cpu_nanoseconds() - start);
    }
    println!("  {name:<24} {:>8.1} MB per CPU-second", mega(bytes) / (best / 1e9));
}

fn bare(path: &PathBuf, codec: Codec, buffer: usize) -> u64 {
    let source = BufReader::with_capacity(128 << 10, File::open(path).unwrap());
    let mut decoder: Box<dyn Read> = match codec {
        Codec::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(source)),
        Codec::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(source).unwrap()),
        Codec::Plain => Box::new(source),
    };
    let mut buffer = vec![0; buffer];
    let mut bytes = 0;
    loop {
        match decoder.read(&mut buffer).unwrap() {
            0 => return bytes,
            count => bytes += count as u64,
        }
    }
}

/// Nanoseconds that this thread has run.
fn cpu_nanoseconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Forgets the peak of resident memory so far.
fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// The most bytes that were resident since.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn make_layer(path: &Path, codec: Codec, size: u64) {
    let output = BufWriter::new(File::create(path).unwrap());
    let mut layer = LayerBuilder::new(output, codec).unwrap();
    let mut random = Random(42);
    let words: Vec<String> = (0..4096).map(|_| format!("{:x} ", random.below(1 << 28))).collect();
    layer.file("lib/apk/db/installed", "P:musl\nV:1.2.4-r2\n\n".repeat(50)).unwrap();
    let mut written = 0;
    let mut number = 0;
    while written < size {
        let content = content(&mut random, &words, number);
        written += content.len() as u64;
        let folder = format!("usr/share/d{}", number % 500);
        if number % 20 == 0 {
            let text = format!(r#"{{"name":"p{number}","version":"1.0.{number}","description":"x"}}"#);
            layer.file(&format!("app/node_modules/p{number}/package.json"), text).unwrap();
        }
        if content.starts_with(b"\x7fELF") {
            layer.executable(&format!("usr/bin/program{number}"), content).unwrap();
        } else {
            layer.file(&format!("{folder}/file{number}"), content).unwrap();
        }
        number += 1;
    }
    std::io::Write::flush(&mut layer.finish().unwrap()).unwrap();
}

/// A file: mostly text, some programs, some noise.
fn content(random: &mut Random, words: &[String], number: u64) -> Vec<u8> {
    let mut content = Vec::new();
    if number % 100 == 99 {
        content.extend(b"\x7fELF");
        for _ in 0..random.below(400_000) {
            // Code repeats itself, with other numbers in it.
            content.extend([0x48, 0x8b, 0x05]);
            content.extend(&random.next().to_le_bytes()[..2]);
        }
        return content;
    }
    let length = usize::try_from(random.below(20_000)).unwrap();
    while content.len() < length {
        if number % 10 == 9 {
            content.extend(random.next().to_le_bytes());
        } else {
            let word = usize::try_from(random.below(4096)).unwrap();
            content.extend(words[word].as_bytes());
        }
    }
    content
}

/// xorshift64*, so that the layer is the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        // The high bits are the good ones.
        (self.next() >> 16) % bound
    }
}
