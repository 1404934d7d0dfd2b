//! Explanations of findings, of their absence, and of what nobody can tell.

use super::*;
use crate::{Compiler, Record, SourceLimits, parse_source};
use expect_test::{Expect, expect};
use inventory::PackageKind;

fn snapshot(records: &[&str]) -> Snapshot {
    let mut compiler = Compiler::new();
    compiler.begin_source("osv/all.zip");
    for record in records {
        let mut add = |record: Record| compiler.add(record).unwrap();
        parse_source(std::io::Cursor::new(record), "a.json", &SourceLimits::default(), &mut add).unwrap();
    }
    Snapshot::from_bytes(compiler.finish(jiff::Timestamp::UNIX_EPOCH).unwrap()).unwrap()
}

const DEBIAN: &str = r#"{"id":"DSA-1-1","upstream":["CVE-2021-0001"],"affected":[{"package":{"ecosystem":"Debian:12","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1.0"},{"fixed":"1.2-1"}]}]}]}"#;
const CATALOGUE: &str = r#"{"id":"CVE-2021-0001","affected":[{"package":{"ecosystem":"Debian:12","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"last_affected":"9"}]}],"versions":["10"]}]}"#;

fn check(name: &str, version: &str, vulnerability: &str, expected: Expect) {
    let (snapshot, ecosystem) = (snapshot(&[DEBIAN, CATALOGUE]), Ecosystem::new("Debian:12"));
    let query = Query::new(&ecosystem, PackageKind::Deb, name, version);
    expected.assert_eq(&explain(&snapshot, &query, vulnerability).to_string());
}

#[test]
fn a_finding_is_explained_by_what_decides() {
    check(
        "a",
        "1.1-1",
        "CVE-2021-0001",
        expect![[r#"
            CVE-2021-0001 in a 1.1-1 (Debian:12)
              looked up as a
              affected: 1.1-1 is below the fixed 1.2-1 of Debian:12 a and not below 1.0
              fixed in 1.2-1
              severity: unknown, since nobody has rated it
              what to do: Upgrade a to 1.2-1 or later. `apt-get update && apt-get install --only-upgrade a`
              considered: CVE-2021-0001 from osv/all.zip
                about versions from the beginning to 9
                about versions one of 10
                affected: 1.1-1 is not above the last affected 9 of Debian:12 a
              decides: DSA-1-1 from osv/all.zip
                about versions from 1.0 to before 1.2-1
                affected: 1.1-1 is below the fixed 1.2-1 of Debian:12 a and not below 1.0
        "#]],
    );
}

#[test]
fn what_was_overruled_is_shown() {
    check(
        "a",
        "1.2-1",
        "dsa-1-1",
        expect![[r#"
            dsa-1-1 in a 1.2-1 (Debian:12)
              looked up as a
              not affected: 1.2-1 is not below the fixed 1.2-1 of Debian:12 a
              severity: unknown, since nobody has rated it
              considered: CVE-2021-0001 from osv/all.zip
                about versions from the beginning to 9
                about versions one of 10
                affected: 1.2-1 is not above the last affected 9 of Debian:12 a; overruled by a statement with more authority
              decides: DSA-1-1 from osv/all.zip
                about versions from 1.0 to before 1.2-1
                not affected: 1.2-1 is not below the fixed 1.2-1 of Debian:12 a
        "#]],
    );
}

#[test]
fn absence_is_explained_and_never_taken_for_safety() {
    check(
        "a",
        "1.1-1",
        "CVE-2099-0001",
        expect![[r#"
            CVE-2099-0001 in a 1.1-1 (Debian:12)
              looked up as a
              no finding: none of the 2 advisories about the package names it, of 2 about Debian:12
        "#]],
    );
    let ecosystem = Ecosystem::new("Debian:13");
    let query = Query::new(&ecosystem, PackageKind::Deb, "a", "1");
    let text = explain(&snapshot(&[DEBIAN]), &query, "CVE-2021-0001").to_string();
    assert!(text.contains("cannot be told: the advisories in force say nothing about Debian:13"), "{text}");
}
