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
