//! The tar parser against archives that tools make, and against archives that only attackers make.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use indexer::Limits;
use indexer::build::{HeaderBlock, LayerBuilder, LongNames};
use indexer::codec::Codec;
use indexer::tar::{Bounds, EntryKind, Fault, Reader};

fn bounds() -> Bounds {
    Bounds { headers: 100, header_bytes: 9000, sparse_blocks: 2 }
}

fn builder() -> LayerBuilder<Vec<u8>> {
    LayerBuilder::new(Vec::new(), Codec::Plain).unwrap()
}

/// The entries as lines, or the fault.
fn read(archive: &[u8]) -> Result<String, Fault> {
    let mut reader = Reader::new(archive, bounds());
    let mut text = String::new();
    while reader.advance().map_err(|error| error.fault)? {
        let entry = reader.entry().unwrap();
        let kind = match entry.kind {
            EntryKind::File => '-',
            EntryKind::HardLink => 'h',
            EntryKind::SymbolicLink => 'l',
            EntryKind::Folder => 'd',
            EntryKind::Device => 'c',
            EntryKind::Fifo => 'p',
            EntryKind::Other(_) => '?',
        };
        let line = format!("{kind} {} {}", entry.size, String::from_utf8_lossy(entry.path));
        let link = String::from_utf8_lossy(entry.link).into_owned();
        let sparse = if entry.sparse { " sparse" } else { "" };
        text += &line;
        text += sparse;
        if !link.is_empty() {
            text += &format!(" -> {link}");
        }
        text.push('\n');
    }
    Ok(text)
}

fn ambiguous(archive: &[u8]) -> &'static str {
    let fault = read(archive).unwrap_err();
    let Fault::Ambiguous(why) = fault else { unreachable!("{fault:?}") };
    why
}

#[test]
fn names_of_all_lengths_in_both_ways() {
    for long_names in [LongNames::Pax, LongNames::Gnu] {
        let mut layer = builder().with_long_names(long_names);
        let mut expected = String::new();
        for length in [1, 99, 100, 101, 255, 256, 4000] {
            let path = "p".repeat(length);
            let target = "t".repeat(length);
            layer.file(&path, "abc").unwrap();
            layer.symbolic_link(&path, &target).unwrap();
            expected += &format!("- 3 {path}\nl 0 {path} -> {target}\n");
        }
        assert_eq!(read(&layer.finish().unwrap()).unwrap(), expected);
    }
}

#[test]
fn posix_prefix_comes_before_the_name() {
    let mut layer = builder();
    layer.raw(HeaderBlock::new("installed", b'0', 0).posix("lib/apk/db").sealed()).unwrap();
    assert_eq!(read(&layer.finish().unwrap()).unwrap(), "- 0 lib/apk/db/installed\n");
}

#[test]
fn pax_size_wins_over_the_header() {
    // With the size of the header, the body would be read as an entry: the smuggling of CVE-2025-62518.
    let mut inner = builder();
    inner.file("smuggled", "x").unwrap();
    let inner = inner.finish_without_end().unwrap();
    let mut layer = builder();
    layer.pax(b'x', &[("size", &inner.len().to_string())]).unwrap();
    layer.raw(HeaderBlock::new("outer", b'0', 0).sealed()).unwrap().raw(&inner).unwrap();
    layer.file("after", "").unwrap();
    assert_eq!(read(&layer.finish().unwrap()).unwrap(), format!("- {} outer\n- 0 after\n", inner.len()));
}

#[test]
fn base_256_sizes_are_read_and_negative_ones_refused() {
    let mut layer = builder();
    let header = HeaderBlock::new("big", b'0', 0).with(124, &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
    layer.raw(header.sealed()).unwrap().raw([b'x'; 512]).unwrap();
    assert_eq!(read(&layer.finish().unwrap()).unwrap(), "- 3 big\n");
    for size in [[0xff; 12], [0x81; 12]] {
        let mut layer = builder();
        layer.raw(HeaderBlock::new("bad", b'0', 0).with(124, &size).sealed()).unwrap();
        assert!(matches!(read(&layer.finish().unwrap()), Err(Fault::Number("size"))));
    }
}

#[test]
fn sparse_files_are_skipped_rightly() {
    let mut layer = builder();
    let header = HeaderBlock::new("old", b'S', 3).with(482, &[1]);
    let mut extension = [0; 512];
    extension[504] = 1;
    layer.raw(header.clone().sealed()).unwrap().raw(extension).unwrap().raw([0; 512]).unwrap();
    layer.raw([b'x'; 512]).unwrap();
    let records = [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "real"),
        ("GNU.sparse.realsize", "9"),
    ];
    layer.pax(b'x', &records).unwrap().file("GNUSparseFile.0/real", [b'1'; 600]).unwrap();
    layer.file("after", "").unwrap();
    assert_eq!(read(&layer.finish().unwrap()).unwrap(), "- 3 old sparse\n- 600 real sparse\n- 0 after\n");

    let mut layer = builder();
    layer.raw(header.sealed()).unwrap();
    for _ in 0..3 {
        layer.raw(extension).unwrap();
    }
    assert!(matches!(read(&layer.finish().unwrap()), Err(Fault::Limit { value: 2, .. })));
}

#[test]
fn the_end_is_two_zero_blocks_or_the_end_of_the_stream() {
    let mut first = builder();
    first.file("a", "1").unwrap();
    let unended = first.finish_without_end().unwrap();
    assert_eq!(read(&unended).unwrap(), "- 1 a\n");
    assert_eq!(read(&[&unended[..], &[0; 512]].concat()).unwrap(), "- 1 a\n");
    // A second archive behind the end, and garbage: nobody's.
    assert_eq!(read(&[&unended[..], &[0; 1024], &unended].concat()).unwrap(), "- 1 a\n");
    assert_eq!(read(&[&unended[..], &[0; 1024], b"garbage"].concat()).unwrap(), "- 1 a\n");
    assert_eq!(read(&[]).unwrap(), "");
    assert!(matches!(read(&[&unended[..], &[0; 512], &unended].concat()), Err(Fault::LoneZeroBlock)));
}

#[test]
fn what_is_cut_short_is_truncated() {
    let mut layer = builder();
    layer.file("a", [b'x'; 600]).unwrap();
    let whole = layer.finish_without_end().unwrap();
    for length in [1, 511, 513, 1000, 512 + 599] {
        assert!(matches!(read(&whole[..length]), Err(Fault::Truncated)), "{length}");
    }
    // Only what fills the last block is missing: Go reads such an archive to its end.
    for length in [512 + 600, 512 + 601, whole.len() - 1] {
        assert_eq!(read(&whole[..length]).unwrap(), "- 600 a\n", "{length}");
    }
    let mut layer = builder();
    layer.pax(b'x', &[("path", "a")]).unwrap();
    assert!(matches!(read(&layer.finish().unwrap()), Err(Fault::Truncated)));
}

#[test]
fn a_wrong_checksum_is_an_error() {
    let mut layer = builder();
    let mut block = HeaderBlock::new("a", b'0', 0).sealed();
    block[0] = b'b';
    layer.raw(block).unwrap();
    assert!(matches!(read(&layer.finish().unwrap()), Err(Fault::Checksum)));
}

#[test]
fn headers_are_bounded() {
    let mut layer = builder();
    layer.pax(b'x', &[("comment", &"x".repeat(10_000))]).unwrap().file("a", "").unwrap();
    assert!(matches!(read(&layer.finish().unwrap()), Err(Fault::Limit { value: 9000, .. })));
    let mut layer = builder();
    for _ in 0..101 {
        layer.file("a", "").unwrap();
    }
    assert!(matches!(read(&layer.finish().unwrap()), Err(Fault::Limit { value: 100, .. })));
}

#[test]
fn malformed_pax_headers_are_errors() {
    for content in [
        "5 a=",
        "x a=b\n",
        "6 a=b\nx",
        "99 a=b\n",
        "6 abc\n",
        "5 =b\n",
        " ",
        "0 a=b\n",
        "7 size=\n",
        "11 size=-1\n",
    ] {
        let mut layer = builder();
        layer.raw(HeaderBlock::new("pax", b'x', content.len() as u64).sealed()).unwrap();
        let padded: Vec<u8> = content.bytes().chain(std::iter::repeat(0)).take(512).collect();
        layer.raw(padded).unwrap().file("a", "").unwrap();
        let result = read(&layer.finish().unwrap());
        assert!(matches!(result, Err(Fault::Extension(_))), "{content:?}: {result:?}");
    }
}

#[test]
fn what_tools_read_differently_is_refused() {
    let archive = |make: &dyn Fn(&mut LayerBuilder<Vec<u8>>)| {
        let mut layer = builder();
        make(&mut layer);
        layer.file("after", "").unwrap();
        ambiguous(&layer.finish().unwrap())
    };
    let sized = |flag| {
        move |layer: &mut LayerBuilder<Vec<u8>>| {
            layer.raw(HeaderBlock::new("a", flag, 1024).sealed()).unwrap();
        }
    };
    for flag in [b'2', b'3', b'4', b'5', b'6'] {
        assert_eq!(archive(&sized(flag)), "a size at an entry that has no body");
    }
    assert_eq!(
        archive(&|layer| {
            layer.pax(b'x', &[("size", "512")]).unwrap().hard_link("a", "b").unwrap();
        }),
        "a size at an entry that has no body"
    );
    assert_eq!(
        archive(&|layer| {
            layer.pax(b'g', &[("size", "512")]).unwrap();
        }),
        "a global PAX header that sets paths or sizes"
    );
    assert_eq!(
        archive(&|layer| {
            layer.pax(b'x', &[("path", "a")]).unwrap().pax(b'x', &[("path", "b")]).unwrap();
        }),
        "two PAX headers before one entry"
    );
    assert_eq!(
        archive(&|layer| {
            layer.pax(b'x', &[("path", "a\0b")]).unwrap();
        }),
        "a NUL in a PAX name"
    );
    assert_eq!(
        archive(&|layer| {
            layer.raw(HeaderBlock::new("installed", b'0', 0).with(345, b"lib/apk/db").sealed()).unwrap();
        }),
        "an old GNU header whose times are no numbers"
    );
    assert_eq!(
        archive(&|layer| {
            layer.pax(b'X', &[("path", "a")]).unwrap();
        }),
        "a PAX header with the type of Solaris, which Go does not know"
    );
    let mut layer = builder().with_long_names(LongNames::Gnu);
    layer.pax(b'x', &[("path", "other")]).unwrap().file(&"n".repeat(200), "").unwrap();
    assert_eq!(ambiguous(&layer.finish().unwrap()), "a GNU long name and another PAX name for one entry");
}

#[test]
fn a_harmless_global_header_is_passed_over() {
    let mut layer = builder();
    layer.pax(b'g', &[("comment", "0123456789abcdef")]).unwrap().file("a", "").unwrap();
    assert_eq!(read(&layer.finish().unwrap()).unwrap(), "- 0 a\n");
}

#[test]
fn a_hard_link_has_no_body_whatever_its_size() {
    let mut layer = builder();
    layer.raw(HeaderBlock::new("a", b'1', 1024).link("b").sealed()).unwrap().file("after", "").unwrap();
    assert_eq!(read(&layer.finish().unwrap()).unwrap(), "h 0 a -> b\n- 0 after\n");
}

#[test]
fn bodies_are_lent_whole() {
    let content: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let mut layer = builder();
    layer.file("a", &content).unwrap().file("b", "after").unwrap();
    let archive = layer.finish().unwrap();
    let mut reader = Reader::new(&archive[..], Bounds::from(&Limits::default()));
    assert!(reader.advance().unwrap());
    assert_eq!(reader.peek(4).unwrap(), &content[..4]);
    let mut body = Vec::new();
    while let Some(chunk) = reader.next_chunk().unwrap() {
        body.extend_from_slice(chunk);
    }
    assert!(body == content);
    assert!(reader.advance().unwrap());
    assert_eq!(reader.peek(100).unwrap(), b"after");
    assert!(!reader.advance().unwrap());
    assert!(reader.entry().is_none());
}
