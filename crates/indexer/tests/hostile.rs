//! Four small layers that other scanners need gigabytes, minutes or temporary files for, or call healthy.
//!
//! Each must be refused or recorded, in memory that a jail of 512 MiB has.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use indexer::build::{LayerBuilder, media_type};
use indexer::codec::Codec;
use indexer::{IndexError, Limits, index_layer};
use inventory::{LayerInventory, SkipReason};
use std::io::{self, Read};

fn build(make: impl FnOnce(&mut LayerBuilder<Vec<u8>>)) -> Vec<u8> {
    let mut layer = LayerBuilder::new(Vec::new(), Codec::Gzip).unwrap();
    make(&mut layer);
    layer.finish().unwrap()
}

fn index(layer: &[u8]) -> Result<LayerInventory, IndexError> {
    let result = index_layer(layer, media_type(Codec::Gzip), &Limits::default());
    if let Some(peak) = peak_memory() {
        assert!(peak < 512 << 20, "{peak} bytes were resident");
    }
    result
}

/// The most bytes that were ever resident in this process, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The same bytes again and again.
struct Cycle<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Read for Cycle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at = (self.at + count) % self.bytes.len();
        Ok(count)
    }
}

fn cycle(text: &str) -> Cycle<'static> {
    // Long pieces, so that copying is not what takes the time.
    Cycle { bytes: text.repeat(10_000).into_bytes().leak(), at: 0 }
}

#[test]
fn eight_gibibytes_of_zeros_are_refused_after_the_first() {
    let layer = build(|layer| {
        layer.streamed_file("zeros", 8 << 30, io::repeat(0)).unwrap();
    });
    assert!(layer.len() < 10 << 20);
    let error = index(&layer).unwrap_err();
    assert_eq!(error, IndexError::Limit { what: "times its compressed size".to_owned(), value: 500 });
}

#[test]
fn half_a_million_empty_files_cost_no_memory() {
    let layer = build(|layer| {
        for folder in 0..500 {
            for file in 0..1000 {
                layer.file(&format!("d{folder}/f{file}"), "").unwrap();
            }
        }
        layer.file("lib/apk/db/installed", "P:musl\nV:1\n\n").unwrap();
    });
    let inventory = index(&layer).unwrap();
    assert_eq!(inventory.statistics.entries, 500_001);
    assert_eq!(inventory.databases.len(), 1);
    assert_eq!(inventory.skipped, []);
}

#[test]
fn a_huge_and_deep_manifest_is_recorded() {
    let layer = build(|layer| {
        layer.streamed_file("node_modules/x/package.json", 512 << 20, io::repeat(b'[')).unwrap();
        layer.file("node_modules/y/package.json", r#"{"name":"y","version":"1"}"#).unwrap();
    });
    let inventory = index(&layer).unwrap();
    assert_eq!(inventory.databases.len(), 1);
    let [skipped] = &inventory.skipped[..] else { unreachable!() };
    assert_eq!(skipped.path.as_str(), "node_modules/x/package.json");
    assert!(skipped.conceals_packages);
    assert!(matches!(skipped.why, SkipReason::Limit(_)));
}

#[test]
fn a_huge_database_is_recorded() {
    let layer = build(|layer| {
        let text = cycle("P:a\nV:1\n\n");
        layer.streamed_file("lib/apk/db/installed", 1 << 30, text).unwrap();
        layer.file("etc/alpine-release", "3.18.0\n").unwrap();
    });
    let inventory = index(&layer).unwrap();
    assert_eq!(inventory.databases, []);
    assert_eq!(inventory.release_files.len(), 1);
    let [skipped] = &inventory.skipped[..] else { unreachable!() };
    assert!(skipped.conceals_packages);
    assert!(matches!(skipped.why, SkipReason::Limit(_)));
}

#[test]
fn a_database_of_allowed_size_with_too_many_packages_is_recorded() {
    let layer = build(|layer| {
        layer.streamed_file("lib/apk/db/installed", 30 << 20, cycle("P:a\nV:1\n\n")).unwrap();
    });
    let inventory = index(&layer).unwrap();
    assert_eq!(inventory.databases, []);
    let [skipped] = &inventory.skipped[..] else { unreachable!() };
    assert_eq!(skipped.why, SkipReason::Limit("more than 100000 packages in one file".to_owned()));
}
