//! However large the files of a layer are: less than 100 MB are resident while it is read, and what is in them is found.
//!
//! Each test is a process of its own under nextest, so the peak that the kernel counts is its own.
//! Where the kernel does not let it be counted from a moment on, the test says so and proves only what is found.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[expect(dead_code, reason = "a part of the seeds is needed here")]
#[path = "support/seeds.rs"]
mod seeds;

use indexer::body::Scratch;
use indexer::build::{LayerBuilder, media_type};
use indexer::codec::Codec;
use indexer::{IndexError, Limits, index_layer, index_layer_with};
use inventory::{LayerInventory, SkipReason};
use std::io::{self, Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const MOST: u64 = 100_000_000;
const MEBIBYTE: u64 = 1 << 20;

/// Reads a layer with scratch on the disk, and writes the answer down as the jail does.
#[track_caller]
fn read(layer: &[u8], codec: Codec) -> LayerInventory {
    let scratch: Box<dyn Scratch> = Box::new(tempfile::tempfile().unwrap());
    let is_counted = forget_peak();
    let inventory = index_layer_with(Some(scratch), layer, media_type(codec), &Limits::default()).unwrap();
    serde_json::to_writer(io::sink(), &inventory).unwrap();
    if is_counted {
        let peak = peak().unwrap();
        assert!(peak < MOST, "{peak} bytes were resident");
    }
    inventory
}

/// Counts the peak from here. False where the kernel does not do that.
#[expect(clippy::print_stderr, reason = "says what this machine cannot show")]
fn forget_peak() -> bool {
    let forgotten = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    if !forgotten {
        eprintln!("skipped: this kernel does not count the peak anew, so memory was not measured");
    }
    forgotten
}

fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

fn built(codec: Codec, fill: impl FnOnce(&mut LayerBuilder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = LayerBuilder::new(Vec::new(), codec).unwrap();
    fill(&mut builder);
    builder.finish().unwrap()
}

fn names(inventory: &LayerInventory) -> Vec<String> {
    let packages = inventory.databases.iter().flat_map(|database| &database.packages);
    packages.map(|package| format!("{} {}", package.name, package.version)).collect()
}

/// The program of the seeds with a gap in its middle: where its parts are is said at its end.
fn program_with_gap(gap: u64) -> impl Read {
    let small = seeds::program();
    let (mut head, mut tail) = (small[..128].to_vec(), small[128..].to_vec());
    let shift = |bytes: &mut [u8], at: usize| {
        let moved = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) + gap;
        bytes[at..at + 8].copy_from_slice(&moved.to_le_bytes());
    };
    shift(&mut head, 40);
    shift(&mut head, 64 + 8);
    for section in 0..2 {
        shift(&mut tail, 128 + section * 64 + 24);
    }
    Cursor::new(head).chain(io::repeat(0x90).take(gap)).chain(Cursor::new(tail))
}

#[test]
fn a_program_of_300_megabytes() {
    let (gap, size) = (300 * MEBIBYTE, 300 * MEBIBYTE + seeds::program().len() as u64);
    let layer = built(Codec::Gzip, |layer| {
        layer.streamed_executable("usr/bin/app", size, program_with_gap(gap)).unwrap();
    });
    let inventory = read(&layer, Codec::Gzip);
    assert_eq!(names(&inventory), ["stdlib 1.22.1"]);
    // The seed has something else in the place of an audit section, which is found too.
    let [skipped] = &inventory.skipped[..] else { unreachable!() };
    assert!(matches!(&skipped.why, SkipReason::Malformed(why) if why.contains("audit section")));
    // Without scratch it is not read, and nobody takes that for a program without modules.
    let inventory = index_layer(&layer[..], media_type(Codec::Gzip), &Limits::default()).unwrap();
    assert_eq!(names(&inventory), [""; 0]);
    let [skipped] = &inventory.skipped[..] else { unreachable!() };
    assert!(skipped.conceals_packages && matches!(skipped.why, SkipReason::Limit(_)));
}

#[test]
fn a_library_that_is_searched_for_its_version() {
    let text = b"\x00nginx version: nginx/1.25.3\x00";
    let begin = b"\x7fELF\x02\x01\x01".chain(io::repeat(b'n').take(150 * MEBIBYTE));
    let content = begin.chain(&text[..]).chain(io::repeat(0).take(MEBIBYTE));
    let size = 151 * MEBIBYTE + 7 + text.len() as u64;
    let layer = built(Codec::Gzip, |layer| {
        layer.streamed_executable("usr/sbin/nginx", size, content).unwrap();
    });
    assert_eq!(names(&read(&layer, Codec::Gzip)), ["nginx 1.25.3"]);
}

/// An archive with an archive of so many megabytes in it.
fn nested_archive(megabytes: u64, inner_method: CompressionMethod) -> Vec<u8> {
    let options = |method| SimpleFileOptions::default().compression_method(method).large_file(true);
    let mut inner = ZipWriter::new(Cursor::new(Vec::new()));
    inner.start_file("filler", options(CompressionMethod::Stored)).unwrap();
    io::copy(&mut io::repeat(7).take(megabytes * MEBIBYTE), &mut inner).unwrap();
    inner.start_file("META-INF/maven/g/a/pom.properties", options(CompressionMethod::Deflated)).unwrap();
    inner.write_all(b"groupId=g\nartifactId=a\nversion=1\n").unwrap();
    let inner = inner.finish().unwrap().into_inner();
    let mut outer = ZipWriter::new(Cursor::new(Vec::new()));
    outer.start_file("WEB-INF/lib/inner.jar", options(inner_method)).unwrap();
    outer.write_all(&inner).unwrap();
    outer.finish().unwrap().into_inner()
}

#[test]
fn archives_in_archives() {
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let archive = nested_archive(160, method);
        let layer = built(Codec::Gzip, |layer| {
            layer.file("opt/app.war", &archive).unwrap();
        });
        drop(archive);
        let inventory = read(&layer, Codec::Gzip);
        assert_eq!(names(&inventory), ["g:a 1"], "{method:?}");
        assert_eq!(inventory.skipped, [], "{method:?}");
    }
}

#[test]
fn databases_of_rpm() {
    let layer = built(Codec::Gzip, |layer| {
        for (path, content) in [
            ("var/lib/rpm/rpmdb.sqlite", seeds::database()),
            ("var/lib/rpm/Packages.db", seeds::database_ndb()),
            ("var/lib/rpm/Packages", seeds::database_berkeley()),
        ] {
            let size = content.len() as u64 + 200 * MEBIBYTE;
            layer.streamed_file(path, size, Cursor::new(content).chain(io::repeat(0))).unwrap();
        }
    });
    assert_eq!(names(&read(&layer, Codec::Gzip)), ["a 1-2", "a 1-2", "a 1-2"]);
}

/// A plain archive, compressed with a window of so many bits.
fn with_window(log: u32, archive: impl FnOnce(&mut dyn Write)) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(log).unwrap();
    archive(&mut encoder);
    encoder.finish().unwrap()
}

#[test]
fn a_wide_window_of_zstd() {
    let (gap, size) = (200 * MEBIBYTE, 200 * MEBIBYTE + seeds::program().len() as u64);
    let pack = |log| {
        with_window(log, |output| {
            let mut builder = LayerBuilder::new(output, Codec::Plain).unwrap();
            builder.streamed_executable("usr/bin/app", size, program_with_gap(gap)).unwrap();
            builder.finish().unwrap();
        })
    };
    for log in [23, 26] {
        assert_eq!(names(&read(&pack(log), Codec::Zstd)), ["stdlib 1.22.1"], "{log}");
    }
    let error = index_layer(&pack(27)[..], media_type(Codec::Zstd), &Limits::default()).unwrap_err();
    assert!(matches!(&error, IndexError::Compression { .. }), "{error}");
}

/// As many packages, paths and files as the limits let through.
#[test]
fn an_inventory_as_large_as_it_can_be() {
    let layer = built(Codec::Gzip, |layer| {
        let stanza = |number: usize| {
            let files: String = (0..3).map(|file| format!("R:lib{file}.jar\n")).collect();
            format!(
                "P:a-package-with-a-rather-long-name-{number}\nV:1.2.3.4-r{number}\nA:x86_64\no:an-origin-{number}\n\
                 F:usr/share/java/folder-{number}\n{files}\n"
            )
        };
        let database: String = (0..40_000).map(stanza).collect();
        layer.file("lib/apk/db/installed", database).unwrap();
        for number in 0..30_000 {
            let manifest = format!(r#"{{"name":"a-package-of-node-{number}","version":"1.{number}.0"}}"#);
            layer
                .file(&format!("srv/app/node_modules/a-package-of-node-{number}/package.json"), manifest)
                .unwrap();
        }
        for folder in 0..600 {
            for file in 0..1000 {
                layer.file(&format!("srv/data/{folder}/{file}"), "").unwrap();
            }
        }
    });
    let inventory = read(&layer, Codec::Gzip);
    assert_eq!(names(&inventory).len(), 70_000);
    assert!(inventory.footprint.len() > 400_000);
    assert!(inventory.skipped.iter().all(|skipped| !skipped.conceals_packages), "{:?}", inventory.skipped);
}
