//! Statements that count for some packages alone: modules, machines, sources, owners, headers of the kernel.

use super::*;
use crate::{Advisory, AffectedPackage, Compiler, Extent, Record};
use jiff::Timestamp;

const RHEL: &str = "Red Hat:enterprise_linux:8";

fn snapshot(statements: Vec<AffectedPackage>) -> Snapshot {
    let mut compiler = Compiler::new();
    compiler.begin_source("test");
    let mut advisory = Advisory::new(AdvisoryId::new("REDHAT-CVE-2024-0001").unwrap());
    advisory.upstream.push("CVE-2024-0001".to_owned());
    advisory.affected = statements;
    compiler.add(Record::Advisory(Box::new(advisory))).unwrap();
    Snapshot::from_bytes(compiler.finish(Timestamp::UNIX_EPOCH).unwrap()).unwrap()
}

fn said(name: &str, extent: Extent) -> AffectedPackage {
    AffectedPackage::new(Ecosystem::new(RHEL), name, extent)
}

fn verdicts(snapshot: &Snapshot, query: &Query<'_>) -> Vec<Verdict> {
    match_package(snapshot, query).into_iter().map(|found| found.verdict).collect()
}

#[test]
fn a_module_streams_fix_is_for_that_stream_alone() {
    let fixed = Extent::before("1:16.20.2-1.module+el8");
    let statement = AffectedPackage { module: Some("nodejs:16".to_owned()), ..said("nodejs", fixed) };
    let (snapshot, ecosystem) = (snapshot(vec![statement]), Ecosystem::new(RHEL));
    let of = |version: &str, module: Option<&str>| {
        let query = Query { module, ..Query::new(&ecosystem, PackageKind::Rpm, "nodejs", version) };
        verdicts(&snapshot, &query).remove(0)
    };
    let old = "1:14.21.3-1.module+el8";
    assert_eq!(of("1:16.19.0-1.module+el8", Some("nodejs:16:8040:522a")), Verdict::Affected);
    assert!(
        matches!(of(old, Some("nodejs:14:8040:522a")), Verdict::NotAffected { why } if why.contains("nodejs:14"))
    );
    assert!(matches!(of(old, Some("nodejs:160")), Verdict::NotAffected { .. }));
    assert!(matches!(of(old, None), Verdict::Undetermined { why } if why.contains("is not known")));
    assert!(matches!(of("1:18.1-1.module+el8", None), Verdict::NotAffected { .. }));
    assert!(matches!(of("1:10.1-1.el8", None), Verdict::NotAffected { why } if why.contains("of none")));
}

#[test]
fn a_machine_that_is_not_named_is_not_meant() {
    let machines = vec!["x86_64".to_owned()];
    let statement = AffectedPackage { architectures: machines, ..said("a", Extent::before("2-1")) };
    let (snapshot, ecosystem) = (snapshot(vec![statement]), Ecosystem::new(RHEL));
    let of = |architecture| {
        let query = Query { architecture, ..Query::new(&ecosystem, PackageKind::Rpm, "a", "1-1") };
        verdicts(&snapshot, &query).remove(0)
    };
    assert_eq!((of(Some("x86_64")), of(None)), (Verdict::Affected, Verdict::Affected));
    assert!(matches!(of(Some("aarch64")), Verdict::NotAffected { why } if why.contains("aarch64")));
}

#[test]
fn statements_about_a_source_count_for_its_binary_packages() {
    let of_source =
        AffectedPackage { architectures: vec!["src".to_owned()], ..said("openssl", Extent::every_version()) };
    let (snapshot, ecosystem) = (snapshot(vec![of_source]), Ecosystem::new(RHEL));
    let source = SourcePackage { name: "openssl".to_owned(), version: "1:3.0-1".to_owned() };
    let query = Query::new(&ecosystem, PackageKind::Rpm, "openssl-libs", "1:3.0-1");
    let found = match_package(&snapshot, &Query { source: Some(&source), ..query }).remove(0);
    assert_eq!((found.verdict.clone(), &*found.matched_as), (Verdict::Affected, "openssl"));
    assert!(match_package(&snapshot, &query).is_empty());
    // A package that has the name of a source and another source is not meant.
    let namesake = Query::new(&ecosystem, PackageKind::Rpm, "openssl", "9");
    assert!(match_package(&snapshot, &namesake).is_empty());
}

#[test]
fn what_is_said_of_a_binary_package_counts_before_what_is_said_of_its_source() {
    let of_source =
        AffectedPackage { architectures: vec!["src".to_owned()], ..said("openssl", Extent::every_version()) };
    let (snapshot, ecosystem) =
        (snapshot(vec![of_source, said("openssl-libs", Extent::before("1:3.0-2"))]), Ecosystem::new(RHEL));
    let source = SourcePackage { name: "openssl".to_owned(), version: "1:3.0-2".to_owned() };
    let query = Query {
        source: Some(&source),
        ..Query::new(&ecosystem, PackageKind::Rpm, "openssl-libs", "1:3.0-2")
    };
    let found = match_package(&snapshot, &query);
    assert!(matches!(found[..], [Match { verdict: Verdict::NotAffected { .. }, .. }]), "{found:?}");
}

#[test]
fn owned_packages_are_dropped_where_somebody_speaks_for_them() {
    let pypi = Ecosystem::new("PyPI");
    let statements = vec![
        AffectedPackage::new(pypi.clone(), "urllib3", Extent::every_version()),
        said("x", Extent::Never),
    ];
    let snapshot = snapshot(statements);
    let of = |ecosystem: &str| {
        let ecosystem = Ecosystem::new(ecosystem);
        let owner = Some(Owner { ecosystem: &ecosystem, name: "python3-urllib3" });
        let query = Query { owner, ..Query::new(&pypi, PackageKind::PyPi, "urllib3", "1.24.2") };
        match_package(&snapshot, &query).remove(0)
    };
    let dropped = of(RHEL);
    assert!(matches!(&dropped.verdict, Verdict::NotAffected { why } if why.contains("python3-urllib3")));
    assert!(matches!(dropped.dropped, Some(Dropped::OwnedByDistribution { .. })));
    assert_eq!(dropped.evidence[0].verdict, Verdict::Affected, "what the advisory said stays");
    // Nobody speaks for the packages of this distribution: the finding stays.
    let kept = of("Debian:12");
    assert_eq!((kept.verdict, kept.dropped), (Verdict::Affected, None));
}

#[test]
fn headers_of_the_kernel_are_dropped() {
    let debian = Ecosystem::new("Debian:12");
    let snapshot = snapshot(vec![AffectedPackage::new(debian.clone(), "linux", Extent::every_version())]);
    let source = SourcePackage { name: "linux".to_owned(), version: "6.1-1".to_owned() };
    let of = |name: &str| {
        let query = Query { source: Some(&source), ..Query::new(&debian, PackageKind::Deb, name, "6.1-1") };
        match_package(&snapshot, &query).remove(0)
    };
    assert_eq!(of("linux-libc-dev").dropped, Some(Dropped::KernelHeaders));
    assert_eq!(of("linux-image-amd64").verdict, Verdict::Affected);
}

#[test]
fn a_distributions_word_overrules_a_catalogues_and_not_its_silence() {
    let compile = |ids: &[(&str, Extent)]| {
        let mut compiler = Compiler::new();
        compiler.begin_source("test");
        for (id, extent) in ids {
            let mut advisory = Advisory::new(AdvisoryId::new(*id).unwrap());
            advisory.upstream.push("CVE-2024-0001".to_owned());
            advisory.affected = vec![said("a", extent.clone())];
            compiler.add(Record::Advisory(Box::new(advisory))).unwrap();
        }
        let snapshot = Snapshot::from_bytes(compiler.finish(Timestamp::UNIX_EPOCH).unwrap()).unwrap();
        let ecosystem = Ecosystem::new(RHEL);
        let query = Query::new(&ecosystem, PackageKind::Rpm, "a", "1-1");
        match_package(&snapshot, &query).remove(0)
    };
    let unknown = || Extent::Unknown { why: "w".to_owned() };
    let every = Extent::every_version;
    let overruled = compile(&[("RHSA-1", Extent::before("1-1")), ("CVE-2024-0001", every())]);
    assert!(matches!(overruled.verdict, Verdict::NotAffected { .. }));
    assert_eq!((overruled.advisories.len(), overruled.fixed), (1, None));
    let investigated = compile(&[("RHSA-1", unknown()), ("CVE-2024-0001", every())]);
    assert_eq!(investigated.verdict, Verdict::Affected);
    let worse = compile(&[("RHSA-1", Extent::before("1-1")), ("RHSA-2", Extent::before("2-1"))]);
    assert_eq!((worse.verdict, worse.fixed.as_deref()), (Verdict::Affected, Some("2-1")));
    let unclear = compile(&[("RHSA-1", Extent::before("1-1")), ("GHSA-1", unknown())]);
    assert!(matches!(unclear.verdict, Verdict::NotAffected { .. }));
}
