//! Our matches beside those of the independent matcher, advisory by advisory.
//!
//! Where the two differ, `docs/match-quality.md` says who is right, and the difference stands here.

use super::{data, inventory_list::packages, snapshot};
use advisory::{Query, Snapshot, Verdict, match_package};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// One line for each package and advisory that affects it: `busybox 1.30.1-r2 ALPINE-CVE-2021-28831 1.30.1-r5`.
fn ours(snapshot: &Snapshot, data: &Path, image: &str) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for (ecosystem, package) in packages(data, image) {
        for found in match_package(snapshot, &Query::of(&ecosystem, &package)) {
            let affecting = found.evidence.iter().filter(|evidence| evidence.verdict == Verdict::Affected);
            let name = package.name.rsplit(':').next().unwrap_or_default();
            lines.extend(
                affecting.map(|evidence| format!("{name} {} {}", package.version, evidence.advisory)),
            );
        }
    }
    lines
}

fn reference(data: &Path, image: &str) -> BTreeSet<String> {
    let text = std::fs::read(data.join("truth/reference-matches").join(format!("{image}.json"))).unwrap();
    let list: Value = serde_json::from_slice(&text).unwrap();
    let line = |found: &Value| {
        let field = |name: &str| found[name].as_str().unwrap().to_owned();
        format!("{} {} {}", field("package"), field("version"), field("id"))
    };
    list["matches"].as_array().unwrap().iter().map(line).collect()
}

/// Compares an image. The lines of `extra` are ours alone, and we say why.
fn check(snapshot: &Snapshot, data: &Path, image: &str, extra: &[&str], missing: &[&str]) -> usize {
    let (ours, reference) = (ours(snapshot, data, image), reference(data, image));
    let only = |these: &BTreeSet<String>, those: &BTreeSet<String>| -> Vec<String> {
        these.difference(those).cloned().collect()
    };
    assert_eq!(only(&ours, &reference), extra, "{image}: found by us alone");
    assert_eq!(only(&reference, &ours), missing, "{image}: not found by us");
    ours.len()
}

#[test]
fn packages_of_distributions_match_as_the_reference_says() {
    let Some(data) = data() else { return };
    let snapshot = snapshot(&data, &["osv/Alpine/all.zip", "osv/Debian/all.zip", "osv/AlmaLinux/all.zip"]);
    for (image, least) in [
        ("alpine-3.10.3", 20),
        ("alpine-3.18", 0),
        ("alpine-3.18-zstd", 0),
        ("alpine-3.18-docker-v2s2", 0),
        ("debian-11.11-slim-dpkgonly", 100),
        ("debian-12-slim-dpkgonly", 50),
        ("almalinux-9.0-micro-arm64", 20),
        ("assembled-centos-libuuid-rpmbdb", 0),
        ("assembled-mariner-2.0-rpmsqlite", 0),
        ("assembled-sle15-bci-rpmndb", 0),
        ("busybox-musl", 0),
        ("scratch-static-busybox", 0),
        ("empty-no-layers", 0),
    ] {
        assert!(check(&snapshot, &data, image, &[], &[]) >= least, "{image}");
    }
}

#[test]
fn packages_of_languages_match_as_the_reference_says() {
    let Some(data) = data() else { return };
    let files =
        ["Alpine", "PyPI", "npm", "Go", "crates.io", "Maven"].map(|name| format!("osv/{name}/all.zip"));
    let snapshot = snapshot(&data, &files.each_ref().map(String::as_str));
    for (image, least) in [
        ("layers-upgrade-whiteout", 10),
        ("app-python-alpine3.18", 50),
        ("app-node-alpine3.15", 20),
        ("app-go-stdlib-scratch", 0),
        ("app-rust-auditable", 3),
        ("app-java-nested-small", 5),
    ] {
        assert!(check(&snapshot, &data, image, &[], &[]) >= least, "{image}");
    }
}
