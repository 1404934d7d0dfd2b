//! Package URLs against recorded ones of other tools, and the odd cases.

#![expect(clippy::print_stderr, reason = "a test says how many cases it had, or why it had none")]

use super::{package_url, parse_package_url};
use crate::{Distribution, Package, PackageKind, SourcePackage};
use serde_json::Value;
use std::path::PathBuf;

fn package(kind: PackageKind, name: &str, version: &str) -> Package {
    Package {
        kind,
        name: name.to_owned(),
        version: version.to_owned(),
        architecture: None,
        source: None,
        module: None,
    }
}

fn distribution(id: &str, version: &str) -> Distribution {
    let pretty_name = String::new();
    Distribution { id: id.to_owned(), version: version.to_owned(), pretty_name, ecosystem: None }
}

#[test]
fn names_are_parted_and_encoded() {
    let cases = [
        (PackageKind::Npm, "@babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0"),
        (PackageKind::PyPi, "Zope_Interface", "5.0", "pkg:pypi/zope-interface@5.0"),
        (PackageKind::Golang, "github.com/a/b", "v1.0.0", "pkg:golang/github.com/a/b@v1.0.0"),
        (PackageKind::Maven, "org.a:b", "1.0", "pkg:maven/org.a/b@1.0"),
        (PackageKind::Composer, "Symfony/Http", "1", "pkg:composer/symfony/http@1"),
        (PackageKind::Cargo, "a", "", "pkg:cargo/a"),
        (PackageKind::Binary, "openjdk", "17.0.9+9", "pkg:generic/oracle/openjdk@17.0.9%2B9"),
        (PackageKind::Binary, "haskell/ghc", "9.4.7", "pkg:generic/haskell/ghc@9.4.7"),
        (
            PackageKind::Portage,
            "app-shells/bash",
            "5.2-r1",
            "pkg:ebuild/app-shells/bash@5.2-r1?distro=alpine-3",
        ),
        (PackageKind::Bitnami, "redis", "7.4.1-2", "pkg:bitnami/redis@7.4.1-2?distro=alpine-3"),
        (PackageKind::Gem, "a b/../c", "1?x#y", "pkg:gem/a%20b/../c@1%3Fx%23y"),
    ];
    for (kind, name, version, expected) in cases {
        let written = package(kind, name, version);
        assert_eq!(package_url(&written, Some(&distribution("alpine", "3"))), expected);
        let is_read_back = version.is_empty()
            || parse_package_url(expected).is_some_and(|read| {
                let is_same_name = read.name.eq_ignore_ascii_case(&name.replace('_', "-"));
                is_same_name && (read.kind, read.version.as_str()) == (kind, version)
            });
        assert!(is_read_back, "{expected}");
    }
}

#[test]
fn source_is_named_where_it_differs() {
    let source = |name: &str, version: &str| {
        Some(SourcePackage { name: name.to_owned(), version: version.to_owned() })
    };
    let deb = |source| Package { source, ..package(PackageKind::Deb, "bash", "5.2-2+b1") };
    assert_eq!(package_url(&deb(source("bash", "5.2-2+b1")), None), "pkg:deb/bash@5.2-2%2Bb1");
    assert_eq!(
        package_url(&deb(source("bash", "5.2-2")), None),
        "pkg:deb/bash@5.2-2%2Bb1?upstream=bash%405.2-2"
    );
    assert_eq!(
        package_url(&deb(source("shells", "5.2-2+b1")), None),
        "pkg:deb/bash@5.2-2%2Bb1?upstream=shells"
    );
}

#[test]
fn rolling_distribution_has_no_version_and_rpm_an_epoch() {
    let apk = package(PackageKind::Apk, "a", "1-r0");
    assert_eq!(package_url(&apk, Some(&distribution("wolfi", ""))), "pkg:apk/wolfi/a@1-r0?distro=wolfi");
    let rpm = package(PackageKind::Rpm, "a", "1:2-3");
    assert_eq!(
        package_url(&rpm, Some(&distribution("rhel", "9"))),
        "pkg:rpm/rhel/a@2-3?distro=rhel-9&epoch=1"
    );
}

/// The package of an entry of another tool's list, so far as its purl and its other fields give it.
fn entry(entry: &Value) -> Option<(Package, String)> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let kind = match text("type")? {
        "apk" => PackageKind::Apk,
        "deb" => PackageKind::Deb,
        "npm" => PackageKind::Npm,
        "python" => PackageKind::PyPi,
        "rust-crate" => PackageKind::Cargo,
        _ => return None,
    };
    let purl = text("purl")?;
    let qualifier = |key: &str| {
        let (_, qualifiers) = purl.split_once('?')?;
        qualifiers.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
    };
    let (name, version) = (text("name")?, text("version")?);
    let source = text("source").filter(|_| kind.is_os()).map(|source| SourcePackage {
        name: source.to_owned(),
        version: qualifier("upstream")
            .and_then(|upstream| upstream.split_once("%40"))
            .map_or(version.to_owned(), |(_, version)| version.replace("%2B", "+")),
    });
    let architecture = qualifier("arch").map(str::to_owned);
    Some((Package { architecture, source, ..package(kind, name, version) }, purl.to_owned()))
}

#[test]
fn same_text_as_syft_for_every_recorded_package() {
    let shared = std::env::var("LAZARETTO_SHARED").ok();
    let shared = shared.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let folder = PathBuf::from(shared).join("data/inventory");
    if !folder.is_dir() {
        eprintln!("skipped: {} is missing, it holds the recorded package URLs", folder.display());
        return;
    }
    let mut compared = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let list: Value = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        let Some(packages) = list.pointer("/syft/packages").and_then(Value::as_array) else {
            continue;
        };
        let text = |pointer: &str| list.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let distribution = distribution(text("/syft/distro/id"), text("/syft/distro/versionID"));
        for (package, expected) in packages.iter().filter_map(entry) {
            assert_eq!(package_url(&package, Some(&distribution)), expected);
            compared += 1;
        }
    }
    eprintln!("{compared} package URLs are as syft writes them");
    assert!(compared > 400, "only {compared} were compared");
}
