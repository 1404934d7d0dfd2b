//! Snapshots that are whole, changed, damaged.

use super::*;
use crate::{Advisory, AdvisoryId, AffectedPackage, End, Extent, Query, Range, Record, match_package};
use inventory::PackageKind;
use proptest::prelude::*;

fn advisory(id: &str, ecosystem: &str, name: &str, fixed: &str) -> Record {
    let mut advisory = Advisory::new(AdvisoryId::new(id).unwrap());
    advisory.upstream.push("CVE-2022-0001".to_owned());
    advisory.summary = format!("A flaw in {name}");
    let range = Range { introduced: Some("1.0".to_owned()), end: End::Fixed(fixed.to_owned()) };
    let extent = Extent::Versions { ranges: vec![range], versions: vec!["0.5".to_owned(), "1.1".to_owned()] };
    advisory.affected.push(AffectedPackage {
        urgency: Some(crate::Urgency::Low),
        ..AffectedPackage::new(Ecosystem::new(ecosystem), name, extent)
    });
    Record::Advisory(Box::new(advisory))
}

fn compiled(records: Vec<Record>) -> Vec<u8> {
    let mut compiler = Compiler::new();
    compiler.begin_source("test");
    for record in records {
        compiler.add(record).unwrap();
    }
    compiler.finish(Timestamp::UNIX_EPOCH).unwrap()
}

fn two_packages() -> Vec<u8> {
    let mut enrichment = crate::Enrichment::new(crate::VulnerabilityId::new("CVE-2022-0001").unwrap());
    enrichment.description = Some("A flaw.".to_owned());
    let unmentioned = crate::Enrichment::new(crate::VulnerabilityId::new("CVE-2022-9999").unwrap());
    compiled(vec![
        advisory("D-1", "Debian:12", "a", "2.0"),
        advisory("D-2", "Debian:12", "b", "2.0"),
        advisory("A-1", "Alpine:v3.18", "a", "2.0-r1"),
        Record::Enrichment(Box::new(enrichment)),
        Record::Enrichment(Box::new(unmentioned)),
    ])
}

fn query<'q>(ecosystem: &'q Ecosystem, name: &'q str, version: &'q str) -> Query<'q> {
    Query::new(ecosystem, PackageKind::Deb, name, version)
}

#[test]
fn what_was_compiled_is_found() {
    let snapshot = Snapshot::from_bytes(two_packages()).unwrap();
    snapshot.verify().unwrap();
    let debian = Ecosystem::new("Debian:12");
    assert_eq!(snapshot.coverage(&debian), Some(Coverage { advisories: 2, packages: 2 }));
    assert_eq!(snapshot.coverage(&Ecosystem::new("Debian:13")), None);
    let counts = snapshot.counts();
    // The vulnerability that no advisory mentions is left out.
    assert_eq!((counts.advisories, counts.packages, counts.entries, counts.enrichments), (3, 3, 3, 1));
    let found = match_package(&snapshot, &query(&debian, "b", "1.5"));
    assert_eq!(found[0].fixed.as_deref(), Some("2.0"));
    assert_eq!(snapshot.vulnerability(&found[0]).description, "A flaw.");
    assert!(match_package(&snapshot, &query(&debian, "c", "1.5")).is_empty());
    assert_eq!(snapshot.entries(&debian, "a").next().unwrap().versions().count(), 1, "1.1 is in the range");
}

#[test]
fn the_same_records_give_the_same_bytes() {
    assert_eq!(two_packages(), two_packages());
    let version = Snapshot::from_bytes(two_packages()).unwrap().version();
    assert_eq!(SnapshotVersion::try_from(version.to_string()), Ok(version));
    assert_eq!(version.short().len(), 12);
}

#[test]
fn a_difference_names_the_packages() {
    let before = Snapshot::from_bytes(two_packages()).unwrap();
    let after = Snapshot::from_bytes(compiled(vec![
        advisory("D-1", "Debian:12", "a", "2.0"),
        advisory("D-2", "Debian:12", "b", "2.1"),
        advisory("D-3", "Debian:12", "c", "2.0"),
    ]))
    .unwrap();
    assert!(changed_packages(&before, &before).is_empty());
    let changed: Vec<_> =
        changed_packages(&before, &after).into_iter().map(|(of, name)| format!("{of} {name}")).collect();
    // `a` of Debian changed because its vulnerability lost its description.
    assert_eq!(changed, ["Alpine:v3.18 a", "Debian:12 a", "Debian:12 b", "Debian:12 c"]);
}

#[test]
fn a_snapshot_is_written_once_and_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    std::fs::write(path.with_added_extension("partial"), "left over").unwrap();
    let bytes = two_packages();
    write_snapshot(&path, &bytes).unwrap();
    write_snapshot(&path, &bytes).unwrap();
    let snapshot = Snapshot::open(&path).unwrap();
    snapshot.verify().unwrap();
    assert_eq!(snapshot.as_bytes(), bytes);
    assert!(std::fs::metadata(&path).unwrap().permissions().readonly());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(matches!(Snapshot::open(&folder.path().join("none")), Err(SnapshotError::File { .. })));
}

#[test]
fn what_is_no_snapshot_is_told_apart() {
    let with = |at: usize, byte: u8| {
        let mut bytes = two_packages();
        bytes[at] = byte;
        Snapshot::from_bytes(bytes)
    };
    assert!(matches!(Snapshot::from_bytes(vec![]), Err(SnapshotError::NotASnapshot)));
    assert!(matches!(with(0, b'X'), Err(SnapshotError::NotASnapshot)));
    assert!(matches!(with(8, 9), Err(SnapshotError::OtherFormat { found: 9, .. })));
    assert!(matches!(with(40, 0), Err(SnapshotError::OtherOrder)));
    assert!(matches!(with(16, 0), Err(SnapshotError::Damaged { .. })));
    let last = two_packages().len() - 1;
    assert!(matches!(
        with(last, b' ').map(|snapshot| snapshot.verify()),
        Err(_) | Ok(Err(SnapshotError::Checksum))
    ));
}

#[test]
fn a_record_needs_its_source() {
    let added = Compiler::new().add(advisory("D-1", "Debian:12", "a", "2.0"));
    assert_eq!(added, Err(CompileError::NoSource));
}

/// Everything that can be asked of a snapshot.
fn exercise(snapshot: &Snapshot) {
    let _ = (snapshot.verify(), snapshot.counts(), snapshot.created_at(), snapshot.ecosystems().count());
    for ecosystem in ["Debian:12", "Alpine:v3.18"] {
        let ecosystem = Ecosystem::new(ecosystem);
        for name in ["a", "b", "c"] {
            for found in match_package(snapshot, &query(&ecosystem, name, "1.5")) {
                let _ = snapshot.vulnerability(&found);
            }
        }
    }
    let _ = changed_packages(snapshot, snapshot);
}

proptest! {
    #[test]
    fn no_corruption_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = two_packages();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(snapshot) = Snapshot::from_bytes(bytes) {
            exercise(&snapshot);
        }
    }

    #[test]
    fn no_truncation_opens(length in any::<prop::sample::Index>()) {
        let bytes = two_packages();
        let cut = bytes[..length.index(bytes.len())].to_vec();
        prop_assert!(Snapshot::from_bytes(cut).is_err());
    }
}
