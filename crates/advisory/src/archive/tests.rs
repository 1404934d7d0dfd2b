//! Archives, honest and hostile, built here.

use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

const RECORD: &str =
    r#"{"id":"X-1","affected":[{"package":{"ecosystem":"PyPI","name":"a"},"versions":["1"]}]}"#;

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read(bytes: &[u8], name: &str, limits: &SourceLimits) -> Result<(usize, SourceReport), SourceError> {
    let mut records = 0;
    let report = parse_source(Cursor::new(bytes), name, limits, &mut |_| records += 1)?;
    Ok((records, report))
}

#[test]
fn plain_gzipped_and_zipped_documents_are_read() {
    let limits = SourceLimits::default();
    assert_eq!(read(RECORD.as_bytes(), "a.json", &limits).unwrap().0, 1);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(RECORD.as_bytes()).unwrap();
    assert_eq!(read(&gzip.finish().unwrap(), "a.json.gz", &limits).unwrap().0, 1);
    let zip = archive(&[("../../etc/a.json", RECORD.as_bytes()), ("b.json", RECORD.as_bytes())]);
    assert_eq!(read(&zip, "all.zip", &limits).unwrap().0, 2);
}

#[test]
fn bad_documents_are_counted_and_spoil_nothing() {
    let zip = archive(&[
        ("NOTICE", b"words"),
        ("bad.json", b"{"),
        ("list.json", b"[]"),
        ("a.json", RECORD.as_bytes()),
    ]);
    let (records, report) = read(&zip, "all.zip", &SourceLimits::default()).unwrap();
    assert_eq!((records, report.skipped), (1, 3));
    assert_eq!(report.documents.get("osv"), Some(&2));
}

#[test]
fn a_source_of_which_nothing_is_read_is_an_error() {
    let limits = SourceLimits::default();
    for (bytes, name) in [
        (&b""[..], "a.json"),
        (b"[1]", "a.json"),
        (b"{}", "a.json"),
        (b"\x1f\x8b", "a.gz"),
        (b"words", "a.txt"),
    ] {
        assert!(matches!(read(bytes, name, &limits), Err(SourceError::Nothing { .. })), "{bytes:?}");
    }
    assert!(matches!(read(&archive(&[]), "a.zip", &limits), Err(SourceError::Nothing { .. })));
    assert!(matches!(read(b"PK\x03\x04junk", "a.zip", &limits), Err(SourceError::Archive { .. })));
}

#[test]
fn a_feed_that_honestly_says_nothing_is_read() {
    let nothing = br#"{"apkurl":"x","distroversion":"v3.3","packages":[]}"#;
    assert_eq!(read(nothing, "community.json", &SourceLimits::default()).unwrap().0, 0);
}

#[test]
fn limits_are_errors_for_the_whole_and_skips_for_a_part() {
    let zip = archive(&[("a.json", RECORD.as_bytes()), ("b.json", RECORD.as_bytes())]);
    let few = SourceLimits { entries: 1, ..SourceLimits::default() };
    assert!(matches!(read(&zip, "a.zip", &few), Err(SourceError::Limit { what: "entries", .. })));
    let small = SourceLimits { total_bytes: 100, ..SourceLimits::default() };
    assert!(matches!(read(&zip, "a.zip", &small), Err(SourceError::Limit { what: "bytes", .. })));
    let long = format!("{}{}", RECORD, " ".repeat(500));
    let zip = archive(&[("a.json", RECORD.as_bytes()), ("b.json", long.as_bytes())]);
    let short = SourceLimits { document_bytes: 200, ..SourceLimits::default() };
    let (records, report) = read(&zip, "a.zip", &short).unwrap();
    assert_eq!((records, report.skipped), (1, 1));
}

#[test]
fn a_bomb_is_skipped() {
    let bomb = vec![b' '; 4 << 20];
    let zip = archive(&[("a.json", RECORD.as_bytes()), ("bomb.json", &bomb)]);
    let (records, report) = read(&zip, "a.zip", &SourceLimits::default()).unwrap();
    assert_eq!((records, report.skipped), (1, 1));
    assert!(report.skips[0].why.contains("packed size"), "{:?}", report.skips);
}

#[test]
fn a_record_that_no_frame_would_hold_is_skipped() {
    let huge = format!(r#"{{"id":"X-2","details":"{}"}}"#, "\\u0001".repeat((4 << 20) + 1000));
    let zip = archive(&[("a.json", RECORD.as_bytes()), ("huge.json", huge.as_bytes())]);
    let limits = SourceLimits { ratio: 10_000, ..SourceLimits::default() };
    let (records, report) = read(&zip, "a.zip", &limits).unwrap();
    assert_eq!((records, report.skipped), (1, 1));
    assert!(report.skips[0].why.contains("a record is larger"), "{:?}", report.skips);
    let least = huge.replacen("\\u0001", "", 10_000);
    let mut writer = crate::wire::RecordWriter::new(Vec::new()).unwrap();
    let mut add = |record: Record| writer.write(&record).unwrap();
    parse_source(Cursor::new(least), "huge.json", &limits, &mut add).unwrap();
}

#[test]
fn truncated_archives_never_panic() {
    let zip = archive(&[("a.json", RECORD.as_bytes()), ("b.json", RECORD.as_bytes())]);
    for length in 0..zip.len() {
        let _ = read(&zip[..length], "a.zip", &SourceLimits::default());
    }
}

/// One entry of a tar archive, with a checksum that holds.
fn tar_entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    block[156] = kind;
    block[257..263].copy_from_slice(b"ustar\0");
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block.extend(content);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut archive = entries.concat();
    archive.resize(archive.len() + 1024, 0);
    archive
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn tar_archives_are_read_plain_and_packed() {
    let long = format!("{}/a.json", "folder".repeat(40));
    let pax = format!("{} path={long}\n", long.len() + 10);
    let entries = [
        tar_entry("folder/", b'5', b""),
        tar_entry("../../etc/a.json", b'0', RECORD.as_bytes()),
        tar_entry("x", b'L', format!("{long}\0").as_bytes()),
        tar_entry("short", b'0', RECORD.as_bytes()),
        tar_entry("x", b'x', pax.as_bytes()),
        tar_entry("short", 0, RECORD.as_bytes()),
        tar_entry("a.json.asc", b'0', b"a signature"),
        tar_entry("link.json", b'2', b""),
        tar_entry("README", b'0', b"words"),
    ];
    let archive = tar(&entries);
    let limits = SourceLimits::default();
    let packed = [
        ("plain", archive.clone()),
        ("gzip", gzipped(&archive)),
        ("zstd", zstd::encode_all(&*archive, 3).unwrap()),
        ("bzip2", {
            let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            writer.write_all(&archive).unwrap();
            writer.finish().unwrap()
        }),
    ];
    for (name, bytes) in packed {
        let (records, report) =
            read(&bytes, "all.tar", &limits).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((records, report.skipped), (3, 1), "{name}: {:?}", report.skips);
    }
}

/// The beginning of an xz stream, written by hand and cut off: it must be refused.
const XZ: &[u8] = &[
    0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01, 0x16,
    0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x02,
];

#[test]
fn packed_streams_that_are_cut_off_or_broken_are_refused() {
    let archive =
        tar(&[tar_entry("a.json", b'0', RECORD.as_bytes()), tar_entry("b.json", b'0', RECORD.as_bytes())]);
    let limits = SourceLimits::default();
    let gzip = gzipped(&archive);
    let zstd = zstd::encode_all(&*archive, 3).unwrap();
    for (whole, name) in [(&gzip, "gzip"), (&zstd, "zstd")] {
        for length in 0..whole.len() - 1 {
            assert!(read(&whole[..length], "a.tar", &limits).is_err(), "{name} cut at {length}");
        }
    }
    // A tar archive that is cut off before its last block of zeros is half an export.
    for length in (513..archive.len() - 1024).step_by(64) {
        let cut = read(&archive[..length], "a.tar", &limits);
        assert!(matches!(cut, Err(SourceError::Archive { .. })), "{length}");
    }
    assert!(read(XZ, "a.xz", &limits).is_err());
    assert!(read(b"BZh9junkjunkjunk", "a.bz2", &limits).is_err());
}

#[test]
fn a_tar_bomb_and_lying_headers_are_refused() {
    let limits = SourceLimits::default();
    let bomb = zstd::encode_all(&*tar(&[tar_entry("a.json", b'0', &vec![b' '; 8 << 20])]), 3).unwrap();
    assert!(matches!(read(&bomb, "a.tar.zst", &limits), Err(SourceError::Archive { .. })));
    let mut huge = tar_entry("a.json", b'0', RECORD.as_bytes());
    huge[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    assert!(read(&tar(&[huge]), "a.tar", &limits).is_err(), "the checksum does not hold");
    let few = SourceLimits { entries: 1, ..limits };
    let two =
        tar(&[tar_entry("a.json", b'0', RECORD.as_bytes()), tar_entry("b.json", b'0', RECORD.as_bytes())]);
    assert!(matches!(read(&two, "a.tar", &few), Err(SourceError::Limit { what: "entries", .. })));
    let name =
        tar(&[tar_entry("x", b'L', &vec![b'a'; 70_000]), tar_entry("a.json", b'0', RECORD.as_bytes())]);
    assert!(matches!(read(&name, "a.tar", &limits), Err(SourceError::Archive { .. })));
}

proptest::proptest! {
    #[test]
    fn changed_archives_never_panic(at in 0_usize..4096, byte in proptest::prelude::any::<u8>()) {
        let archive = tar(&[tar_entry("a.json", b'0', RECORD.as_bytes()), tar_entry("b.json", b'0', RECORD.as_bytes())]);
        for mut bytes in [gzipped(&archive), zstd::encode_all(&*archive, 3).unwrap(), archive, XZ.to_vec()] {
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = read(&bytes, "a.tar", &SourceLimits::default());
        }
    }
}
