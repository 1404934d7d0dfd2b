//! Matching, on advisories of a few lines.

use super::*;
use crate::{Compiler, Record};
use expect_test::{Expect, expect};
use jiff::Timestamp;

/// A snapshot of OSV records, one a line.
fn snapshot(records: &str) -> Snapshot {
    let mut compiler = Compiler::new();
    compiler.begin_source("test");
    for line in records.lines().filter(|line| !line.trim().is_empty()) {
        let mut add = |record: Record| compiler.add(record).unwrap();
        crate::parse_source(std::io::Cursor::new(line), "a.json", &crate::SourceLimits::default(), &mut add)
            .unwrap();
    }
    Snapshot::from_bytes(compiler.finish(Timestamp::UNIX_EPOCH).unwrap()).unwrap()
}

fn osv(id: &str, names: &str, ecosystem: &str, package: &str, affected: &str) -> String {
    format!(
        r#"{{"id":"{id}",{names}"affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{package}"}},{affected}}}]}}"#
    )
}

fn range(events: &str) -> String {
    format!(r#""ranges":[{{"type":"ECOSYSTEM","events":[{events}]}}]"#)
}

fn check(records: &str, ecosystem: &str, kind: PackageKind, name: &str, version: &str, expected: Expect) {
    let (snapshot, ecosystem) = (snapshot(records), Ecosystem::new(ecosystem));
    let query = Query::new(&ecosystem, kind, name, version);
    expected.assert_eq(&shown(&match_package(&snapshot, &query)));
}

fn shown(matches: &[Match]) -> String {
    let mut text = String::new();
    for found in matches {
        let word = match &found.verdict {
            Verdict::Affected => "affected",
            Verdict::NotAffected { .. } => "not affected",
            Verdict::Undetermined { .. } => "undetermined",
        };
        let fixed = found.fixed.as_deref().unwrap_or("-");
        text += &format!("{} {word}, fixed {fixed}, also {:?}\n", found.vulnerability, found.aliases);
        for evidence in &found.evidence {
            text += &format!("  {}: {}\n", evidence.advisory, evidence.rule);
        }
    }
    text
}

#[test]
fn a_version_below_the_fix_is_affected() {
    let records = osv(
        "ALPINE-CVE-2021-28831",
        r#""upstream":["CVE-2021-28831"],"#,
        "Alpine:v3.10",
        "busybox",
        &range(r#"{"introduced":"0"},{"fixed":"1.30.1-r5"}"#),
    );
    let check = |version: &str, expected: Expect| {
        check(&records, "Alpine:v3.10", PackageKind::Apk, "busybox", version, expected);
    };
    check(
        "1.30.1-r2",
        expect![[r#"
            CVE-2021-28831 affected, fixed 1.30.1-r5, also ["ALPINE-CVE-2021-28831"]
              ALPINE-CVE-2021-28831: 1.30.1-r2 is below the fixed 1.30.1-r5 of Alpine:v3.10 busybox
        "#]],
    );
    check(
        "1.30.1-r5",
        expect![[r#"
            CVE-2021-28831 not affected, fixed -, also ["ALPINE-CVE-2021-28831"]
              ALPINE-CVE-2021-28831: 1.30.1-r5 is not below the fixed 1.30.1-r5 of Alpine:v3.10 busybox
        "#]],
    );
    check(
        "",
        expect![[r#"
            CVE-2021-28831 undetermined, fixed -, also ["ALPINE-CVE-2021-28831"]
              ALPINE-CVE-2021-28831: the version is empty
        "#]],
    );
}

#[test]
fn several_feeds_about_one_vulnerability_are_one_match() {
    let one = osv(
        "PYSEC-2021-1",
        r#""aliases":["GHSA-aaaa"],"#,
        "PyPI",
        "a",
        &range(r#"{"introduced":"0"},{"fixed":"1.9"}"#),
    );
    let other = osv(
        "GHSA-aaaa",
        r#""aliases":["CVE-2021-0001"],"#,
        "PyPI",
        "a",
        &range(r#"{"introduced":"0"},{"fixed":"1.10"}"#),
    );
    check(
        &format!("{one}\n{other}"),
        "PyPI",
        PackageKind::PyPi,
        "A",
        "1.0",
        expect![[r#"
            CVE-2021-0001 affected, fixed 1.10, also ["GHSA-aaaa", "PYSEC-2021-1"]
              GHSA-aaaa: 1.0 is below the fixed 1.10 of PyPI a
              PYSEC-2021-1: 1.0 is below the fixed 1.9 of PyPI a
        "#]],
    );
}

#[test]
fn one_advisory_about_several_vulnerabilities_is_several_matches() {
    let records = osv(
        "DSA-1-1",
        r#""upstream":["CVE-2021-0001","CVE-2021-0002"],"#,
        "Debian:12",
        "a",
        &range(r#"{"introduced":"0"},{"fixed":"2"}"#),
    );
    check(
        &records,
        "Debian:12",
        PackageKind::Deb,
        "a",
        "1",
        expect![[r#"
            CVE-2021-0001 affected, fixed 2, also ["DSA-1-1"]
              DSA-1-1: 1 is below the fixed 2 of Debian:12 a
            CVE-2021-0002 affected, fixed 2, also ["DSA-1-1"]
              DSA-1-1: 1 is below the fixed 2 of Debian:12 a
        "#]],
    );
}

#[test]
fn never_affected_outweighs_a_range() {
    let names = r#""upstream":["CVE-2021-0001"],"#;
    let never = osv("D-1", names, "Debian:12", "a", &range(r#"{"introduced":"0"},{"fixed":"0"}"#));
    let ranged = osv("D-2", names, "Debian:12", "a", &range(r#"{"introduced":"0"},{"fixed":"2"}"#));
    check(
        &format!("{never}\n{ranged}"),
        "Debian:12",
        PackageKind::Deb,
        "a",
        "1",
        expect![[r#"
            CVE-2021-0001 not affected, fixed -, also ["D-1", "D-2"]
              D-1: the vendor says that no version of a in Debian:12 was ever affected
              D-2: 1 is below the fixed 2 of Debian:12 a
        "#]],
    );
}

#[test]
fn withdrawn_advisories_never_match() {
    let names = r#""withdrawn":"2022-01-01T00:00:00Z","#;
    let withdrawn = osv("PYSEC-1", names, "PyPI", "a", &range(r#"{"introduced":"0"}"#));
    check(&withdrawn, "PyPI", PackageKind::PyPi, "a", "1", expect![""]);
}

#[test]
fn what_cannot_be_compared_is_undetermined() {
    let commits = osv("X-1", "", "npm", "a", r#""ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]"#);
    let broken = osv("X-2", "", "npm", "a", &range(r#"{"introduced":"0"},{"fixed":"%%"}"#));
    let irrelevant = osv("X-3", "", "npm", "a", &range(r#"{"introduced":"5"},{"fixed":"%%"}"#));
    let unordered = osv("X-4", "", "Nowhere", "a", &range(r#"{"introduced":"0"},{"fixed":"2"}"#));
    check(
        &format!("{commits}\n{broken}\n{irrelevant}"),
        "npm",
        PackageKind::Npm,
        "a",
        "1",
        expect![[r#"
            X-1 undetermined, fixed -, also []
              X-1: the advisory names commits and no versions
            X-2 undetermined, fixed -, also []
              X-2: "%%" is not a version in the order of npm: it does not begin with a number
            X-3 not affected, fixed -, also []
              X-3: 1 is below 5, which introduced it into npm a
        "#]],
    );
    check(
        &unordered,
        "Nowhere",
        PackageKind::Npm,
        "a",
        "1",
        expect![[r#"
            X-4 undetermined, fixed -, also []
              X-4: the order of versions of Nowhere is not known
        "#]],
    );
}

#[test]
fn listed_versions_count_with_and_without_ranges() {
    let listed = osv("X-1", "", "PyPI", "a", r#""versions":["1.0","1.5"]"#);
    let both = osv(
        "X-2",
        "",
        "PyPI",
        "a",
        r#""versions":["1.1","9"],"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.2"}]}]"#,
    );
    let records = format!("{listed}\n{both}");
    check(
        &records,
        "PyPI",
        PackageKind::PyPi,
        "a",
        "1.0.0",
        expect![[r#"
            X-1 affected, fixed -, also []
              X-1: 1.0.0 equals 1.0, an affected version of PyPI a
            X-2 affected, fixed 1.2, also []
              X-2: 1.0.0 is below the fixed 1.2 of PyPI a
        "#]],
    );
    check(
        &records,
        "PyPI",
        PackageKind::PyPi,
        "a",
        "9",
        expect![[r#"
            X-1 not affected, fixed -, also []
              X-1: 9 is not among the affected versions of PyPI a
            X-2 affected, fixed -, also []
              X-2: 9 is among the affected versions of PyPI a
        "#]],
    );
}

#[test]
fn of_several_branches_in_one_advisory_the_one_that_fits_counts() {
    let branch = |range: &str| format!(r#"{{"package":{{"ecosystem":"npm","name":"a"}},{range}}}"#);
    let records = format!(
        r#"{{"id":"GHSA-1","affected":[{},{}]}}"#,
        branch(&range(r#"{"introduced":"1.0.0"},{"fixed":"1.5.0"}"#)),
        branch(&range(r#"{"introduced":"2.0.0"},{"fixed":"2.3.0"}"#)),
    );
    let check = |version: &str, expected: Expect| {
        check(&records, "npm", PackageKind::Npm, "a", version, expected);
    };
    check(
        "2.1.0",
        expect![[r#"
            GHSA-1 affected, fixed 2.3.0, also []
              GHSA-1: 2.1.0 is below the fixed 2.3.0 of npm a and not below 2.0.0
        "#]],
    );
    check(
        "1.6.0",
        expect![[r#"
            GHSA-1 not affected, fixed -, also []
              GHSA-1: 1.6.0 is not below the fixed 1.5.0 of npm a
        "#]],
    );
}

#[test]
fn source_packages_are_matched_by_their_name_and_version() {
    let records =
        osv("D-1", "", "Debian:12", "openssl", &range(r#"{"introduced":"0"},{"fixed":"3.0.15-1~deb12u1"}"#));
    let (snapshot, ecosystem) = (snapshot(&records), Ecosystem::new("Debian:12"));
    let matches = |source: Option<&SourcePackage>| {
        let query = Query { source, ..Query::new(&ecosystem, PackageKind::Deb, "libssl3", "9") };
        match_package(&snapshot, &query)
    };
    let source = SourcePackage { name: "openssl".to_owned(), version: "3.0.14-1~deb12u2".to_owned() };
    let found = matches(Some(&source));
    assert_eq!((found.len(), &*found[0].matched_as, &found[0].verdict), (1, "openssl", &Verdict::Affected));
    assert!(matches(None).is_empty());
}

#[test]
fn what_a_builder_added_to_a_version_has_no_say() {
    let one = osv("B-1", "", "Bitnami", "java", &range(r#"{"introduced":"0"},{"fixed":"17.0.9"}"#));
    let two = osv("B-2", "", "Bitnami", "redis", &range(r#"{"introduced":"0"},{"fixed":"7.4.1"}"#));
    let three = osv("B-3", "", "Bitnami", "ruby", &range(r#"{"introduced":"0"},{"fixed":"2.7.8"}"#));
    let (snapshot, ecosystem) = (snapshot(&format!("{one}\n{two}\n{three}")), Ecosystem::new("Bitnami"));
    let verdict = |kind, name, version| {
        let found = match_package(&snapshot, &Query::new(&ecosystem, kind, name, version));
        found.into_iter().next().map(|found| found.verdict)
    };
    let is_affected = |kind, name, version| verdict(kind, name, version) == Some(Verdict::Affected);
    assert!(is_affected(PackageKind::Binary, "openjdk", "17.0.8+7-LTS"));
    assert!(!is_affected(PackageKind::Binary, "openjdk", "17.0.9-ea+9"));
    assert!(is_affected(PackageKind::Bitnami, "redis", "7.4.0-3"));
    assert!(!is_affected(PackageKind::Bitnami, "redis", "7.4.1-2"));
    assert!(is_affected(PackageKind::Bitnami, "redis", "7.4.1-rc1"));
    assert!(is_affected(PackageKind::Binary, "ruby", "2.7.7p221"));
    assert!(!is_affected(PackageKind::Binary, "ruby", "2.7.8p225"));
}

#[test]
fn a_program_of_an_untagged_commit_is_of_no_known_release() {
    let records = osv("G-1", "", "Go", "example.com/a", &range(r#"{"introduced":"0"},{"fixed":"1.2.3"}"#));
    let (snapshot, ecosystem) = (snapshot(&records), Ecosystem::new("Go"));
    let of = |module| {
        let version = "v0.0.0-20231129202119-0123456789ab";
        let query = Query { module, ..Query::new(&ecosystem, PackageKind::Golang, "example.com/a", version) };
        match_package(&snapshot, &query).remove(0).verdict
    };
    assert_eq!(of(None), Verdict::Affected, "a module that is required by a commit is older than its tags");
    assert!(matches!(of(Some(UNTAGGED)), Verdict::Undetermined { .. }));
}

#[test]
fn matches_survive_json() {
    let one = osv("X-1", "", "PyPI", "a", &range(r#"{"introduced":"0"},{"fixed":"2"}"#));
    let other = osv("X-2", "", "PyPI", "a", &range(r#"{"introduced":"0"},{"fixed":"0.5"}"#));
    let third = osv("X-3", "", "PyPI", "a", r#""ranges":[]"#);
    let (snapshot, ecosystem) = (snapshot(&format!("{one}\n{other}\n{third}")), Ecosystem::new("PyPI"));
    let query = Query::new(&ecosystem, PackageKind::PyPi, "a", "1");
    let found = match_package(&snapshot, &query);
    assert_eq!(found.len(), 3, "one of each verdict");
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Match>>(&json).unwrap(), found);
    let record = snapshot.vulnerability(&found[0]);
    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<crate::VulnerabilityRecord>(&json).unwrap(), record);
}
