//! The same entries as GNU tar lists: on archives of our builder, of GNU tar itself, and on the sample images.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "support/layout.rs"]
mod layout;

use indexer::Limits;
use indexer::build::{HeaderBlock, LayerBuilder, LongNames, media_type};
use indexer::codec::{Codec, Decoded};
use indexer::tar::{Bounds, EntryKind, Reader};
use layout::Image;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

/// One line for each entry, as `tar --list --verbose` has it, without owner and time.
fn ours(archive: &Path, media_type: &str) -> Vec<String> {
    let limits = Limits::default();
    let stream = Decoded::open(File::open(archive).unwrap(), media_type, &limits).unwrap();
    let mut reader = Reader::new(stream, Bounds::from(&limits));
    let mut lines = Vec::new();
    while reader.advance().unwrap() {
        let entry = reader.entry().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (letter, link) = match entry.kind {
            EntryKind::File | EntryKind::Other(_) => ('-', String::new()),
            EntryKind::HardLink => ('h', format!(" link to {}", text(entry.link))),
            EntryKind::SymbolicLink => ('l', format!(" -> {}", text(entry.link))),
            EntryKind::Folder => ('d', String::new()),
            EntryKind::Device => ('c', String::new()),
            EntryKind::Fifo => ('p', String::new()),
        };
        // GNU tar shows the size of a sparse file on disk, and numbers instead of the size of a device.
        let size = if entry.sparse || letter == 'c' { "*".to_owned() } else { entry.size.to_string() };
        lines.push(format!("{letter} {size} {}{link}", text(entry.path)));
    }
    lines
}

/// What GNU tar lists, in the same form; `ours` tells where the size is not compared.
fn theirs(archive: &Path, ours: &[String]) -> Vec<String> {
    let output = Command::new("tar")
        .args([
            "--list",
            "--verbose",
            "--absolute-names",
            "--quoting-style=literal",
            "--numeric-owner",
            "--file",
        ])
        .arg(archive)
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let (fields, name) = split_fields(line);
        let letter = match fields[0].chars().next().unwrap() {
            'b' => 'c',
            // A contiguous file.
            'C' => '-',
            letter => letter,
        };
        let is_compared = ours.get(index).is_none_or(|line| !line[2..].starts_with('*'));
        let size = if is_compared { fields[2] } else { "*" };
        lines.push(format!("{letter} {size} {name}"));
    }
    lines
}

/// Mode, owner, size, day and time, and what follows after one blank.
fn split_fields(line: &str) -> (Vec<&str>, &str) {
    let mut fields = Vec::new();
    let mut rest = line;
    for _ in 0..5 {
        let (field, tail) = rest.trim_start().split_once(' ').unwrap();
        fields.push(field);
        rest = tail;
    }
    (fields, rest)
}

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn has_gnu_tar() -> bool {
    let version = Command::new("tar").arg("--version").output();
    let found = version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("GNU tar"));
    if !found {
        eprintln!("skipped: GNU tar is not at hand");
    }
    found
}

fn compare(archive: &Path, media_type: &str) -> usize {
    let ours = ours(archive, media_type);
    let theirs = theirs(archive, &ours);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "{}", archive.display());
    }
    assert_eq!(ours.len(), theirs.len(), "{}", archive.display());
    ours.len()
}

#[test]
fn archives_of_our_builder() {
    if !has_gnu_tar() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for codec in [Codec::Plain, Codec::Gzip] {
        for long_names in [LongNames::Pax, LongNames::Gnu] {
            let path = folder.path().join("layer");
            let mut layer =
                LayerBuilder::new(File::create(&path).unwrap(), codec).unwrap().with_long_names(long_names);
            for length in [1, 99, 100, 101, 255, 256, 4000] {
                let name = "n".repeat(length);
                layer.file(&name, "x".repeat(length)).unwrap();
                layer.symbolic_link(&format!("s/{name}"), &"t".repeat(length)).unwrap();
                layer.hard_link(&format!("h/{name}"), &name).unwrap();
            }
            layer.folder("a/b").unwrap().file("./a//b/../c", "x").unwrap().file("/absolute", "").unwrap();
            layer.raw(HeaderBlock::new("name", b'0', 0).posix("prefix/of/posix").sealed()).unwrap();
            layer.raw(HeaderBlock::new("old/folder/", 0, 0).sealed()).unwrap();
            layer.raw(HeaderBlock::new("a hard link with a size", b'1', 512).link("n").sealed()).unwrap();
            layer
                .raw(HeaderBlock::new("device", b'3', 0).with(329, b"0000001\x000000003\0").sealed())
                .unwrap();
            layer.raw(HeaderBlock::new("pipe", b'6', 0).sealed()).unwrap();
            layer.raw(HeaderBlock::new("contiguous", b'7', 3).sealed()).unwrap().raw([b'x'; 512]).unwrap();
            layer.pax(b'g', &[("comment", "global")]).unwrap();
            layer.pax(b'x', &[("size", "700"), ("mtime", "1.5")]).unwrap();
            layer.raw(HeaderBlock::new("size in pax", b'0', 0).sealed()).unwrap().raw([b'x'; 1024]).unwrap();
            layer.finish().unwrap();
            assert_eq!(compare(&path, media_type(codec)), 31);
        }
    }
}

#[test]
fn archives_of_gnu_tar_in_all_its_formats() {
    if !has_gnu_tar() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("deep/".repeat(15))).unwrap();
    fs::write(tree.join("file"), "content").unwrap();
    fs::write(tree.join("d".repeat(60)), "x".repeat(10_000)).unwrap();
    std::os::unix::fs::symlink("t".repeat(90), tree.join("symbolic")).unwrap();
    fs::hard_link(tree.join("file"), tree.join("hard")).unwrap();
    // Holes at every second place: more pieces than one header holds.
    let sparse = File::create(tree.join("sparse")).unwrap();
    for piece in 0..60_u64 {
        std::os::unix::fs::FileExt::write_at(&sparse, b"data", piece * 65_536).unwrap();
    }
    sparse.set_len(60 * 65_536).unwrap();
    let formats: [&[&str]; 8] = [
        &["--format=v7"],
        &["--format=ustar"],
        &["--format=oldgnu"],
        &["--format=gnu", "--sparse"],
        &["--format=posix"],
        &["--format=posix", "--sparse", "--sparse-version=0.0"],
        &["--format=posix", "--sparse", "--sparse-version=0.1"],
        &["--format=posix", "--sparse", "--sparse-version=1.0"],
    ];
    for options in formats {
        let archive = folder.path().join("archive.tar");
        let status = Command::new("tar")
            .args(options)
            .args(["--sort=name", "--create", "--file"])
            .arg(&archive)
            .arg("--directory")
            .arg(&tree)
            .arg(".")
            .status()
            .unwrap();
        assert!(status.success());
        assert_eq!(compare(&archive, media_type(Codec::Plain)), 21, "{options:?}");
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn layers_of_the_sample_images() {
    let Some(data) = layout::shared() else {
        eprintln!("skipped: the shared images are not at hand");
        return;
    };
    if !has_gnu_tar() {
        return;
    }
    let mut entries = 0;
    for folder in fs::read_dir(data.join("images")).unwrap() {
        for Image { layers, .. } in layout::images(&folder.unwrap().path()) {
            for (media_type, path) in layers {
                entries += compare(&path, &media_type);
            }
        }
    }
    assert!(entries > 5000, "{entries}");
}
