//! The same entries as Python's `tarfile` lists, on archives of our builder and of Python itself.
//!
//! Python is the third opinion beside ours and GNU tar's: what three readers agree on is what an image has.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use indexer::Limits;
use indexer::build::{HeaderBlock, LayerBuilder, LongNames, media_type};
use indexer::codec::{Codec, Decoded};
use indexer::tar::{Bounds, EntryKind, Reader};
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// Lists an archive: kind, size, path and target.
const LIST: &str = r"
import sys, tarfile
for m in tarfile.open(sys.argv[1]):
    kind = 'h' if m.islnk() else 'l' if m.issym() else 'd' if m.isdir() else 'p' if m.isfifo() else 'c' if m.isdev() else '-'
    size = m.size if kind == '-' else 0
    print('%s %d %s %s' % (kind, size, m.name.rstrip('/'), m.linkname))
";

/// Writes an archive in one of Python's formats.
const WRITE: &str = r"
import io, sys, tarfile
with tarfile.open(sys.argv[1], 'w', format=getattr(tarfile, sys.argv[2])) as archive:
    for length in (1, 50, 99, 100, 101, 200):
        name = '/'.join('n' * min(50, length - i) for i in range(0, length, 51)) or 'n'
        m = tarfile.TarInfo(name); m.size = length
        archive.addfile(m, io.BytesIO(b'x' * length))
        if sys.argv[2] != 'USTAR_FORMAT' or length < 100:
            m = tarfile.TarInfo('link' + str(length)); m.type = tarfile.SYMTYPE; m.linkname = 't' * length
            archive.addfile(m)
    for kind in (tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        m = tarfile.TarInfo('of-type-' + kind.decode()); m.type = kind
        archive.addfile(m)
";

fn ours(archive: &Path, codec: Codec) -> Vec<String> {
    let limits = Limits::default();
    let stream = Decoded::open(File::open(archive).unwrap(), media_type(codec), &limits).unwrap();
    let mut reader = Reader::new(stream, Bounds::from(&limits));
    let mut lines = Vec::new();
    while reader.advance().unwrap() {
        let entry = reader.entry().unwrap();
        let (letter, size) = match entry.kind {
            EntryKind::File | EntryKind::Other(_) => ('-', entry.size),
            EntryKind::HardLink => ('h', 0),
            EntryKind::SymbolicLink => ('l', 0),
            EntryKind::Folder => ('d', 0),
            EntryKind::Device => ('c', 0),
            EntryKind::Fifo => ('p', 0),
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (path, link) = (text(entry.path), text(entry.link));
        lines.push(format!("{letter} {size} {} {link}", path.trim_end_matches('/')));
    }
    lines
}

fn python(script: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new("python3").args(["-c", script]).args(arguments).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn has_python() -> bool {
    let found = Command::new("python3").args(["-c", "import tarfile"]).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: python3 is not at hand");
    }
    found
}

fn compare(archive: &Path, codec: Codec) -> usize {
    let theirs = python(LIST, &[archive.to_str().unwrap()]).unwrap();
    let ours = ours(archive, codec);
    assert_eq!(ours, theirs.lines().collect::<Vec<_>>());
    ours.len()
}

#[test]
fn archives_of_our_builder() {
    if !has_python() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for codec in [Codec::Plain, Codec::Gzip] {
        for names in [LongNames::Pax, LongNames::Gnu] {
            let path = folder.path().join("layer");
            let mut layer =
                LayerBuilder::new(File::create(&path).unwrap(), codec).unwrap().with_long_names(names);
            for length in [1, 99, 100, 101, 255, 256, 4000] {
                let name = "n".repeat(length);
                layer.file(&name, "x".repeat(length)).unwrap();
                layer.symbolic_link(&format!("s/{name}"), &"t".repeat(length)).unwrap();
                layer.hard_link(&format!("h/{name}"), &name).unwrap();
            }
            layer.folder("a/b").unwrap().whiteout("a/c").unwrap().opaque("a").unwrap();
            layer.raw(HeaderBlock::new("name", b'0', 0).posix("prefix/of/posix").sealed()).unwrap();
            layer.raw(HeaderBlock::new("pipe", b'6', 0).sealed()).unwrap();
            layer.pax(b'x', &[("size", "700")]).unwrap();
            layer.raw(HeaderBlock::new("size in pax", b'0', 0).sealed()).unwrap().raw([b'x'; 1024]).unwrap();
            layer.finish().unwrap();
            assert_eq!(compare(&path, codec), 27);
        }
    }
}

#[test]
fn archives_of_python_in_all_its_formats() {
    if !has_python() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for format in ["USTAR_FORMAT", "GNU_FORMAT", "PAX_FORMAT"] {
        let path = folder.path().join(format);
        python(WRITE, &[path.to_str().unwrap(), format]).unwrap();
        assert!(compare(&path, Codec::Plain) >= 12, "{format}");
    }
}
