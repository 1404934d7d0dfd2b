//! The indexer on real images, against what syft lists in them.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "support/layout.rs"]
mod layout;

use indexer::{Limits, index_layer};
use inventory::{ImageInventory, LayerInventory, Package, PackageKind, coalesce};
use layout::Image;
use serde_json::Value;
use std::fs::File;
use std::path::Path;

type Row = (String, String, String);

fn index(image: &Image) -> ImageInventory {
    let layers: Vec<LayerInventory> = image
        .layers
        .iter()
        .map(|(media_type, path)| {
            index_layer(File::open(path).unwrap(), media_type, &Limits::default()).unwrap()
        })
        .collect();
    coalesce(&layers)
}

/// Name, version and source package of each package of one syft type; for languages syft means another source.
fn syft(data: &Path, name: &str, kind: &str) -> Vec<Row> {
    let text = std::fs::read(data.join("inventory").join(format!("{name}.json"))).unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut rows: Vec<Row> = document["syft"]["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["type"] == kind)
        // The application's own package.json is no installed package, although syft lists it.
        .filter(|package| package["paths"][0] != "/app/package.json")
        .map(|package| {
            let source = if matches!(kind, "apk" | "deb") { word(&package["source"]) } else { String::new() };
            (word(&package["name"]), word(&package["version"]), source)
        })
        .collect();
    rows.sort();
    rows
}

/// The rows of one kind in an image.
fn rows(image: &ImageInventory, kind: PackageKind) -> Vec<Row> {
    let of_kind =
        image.packages.iter().map(|installed| &installed.package).filter(|package| package.kind == kind);
    let mut rows: Vec<Row> = of_kind
        .map(|Package { name, version, source, .. }| {
            let source = source.as_ref().map(|source| source.name.clone()).unwrap_or_default();
            (name.clone(), version.clone(), source)
        })
        .collect();
    rows.sort();
    rows
}

/// Compares every platform of an image; `names` are the files of the inventory, one for each platform.
fn check(image: &str, names: &[&str], kind: PackageKind, syft_kind: &str, count: usize) {
    let Some(data) = shared_or_skip(image) else { return };
    let images = layout::images(&data.join("images").join(image));
    assert_eq!(images.len(), names.len(), "{image}");
    for (platform, name) in images.iter().zip(names) {
        let inventory = index(platform);
        let ours = rows(&inventory, kind);
        let theirs = syft(&data, name, syft_kind);
        assert_eq!(theirs.len(), count, "{name}");
        assert_eq!(ours, theirs, "{name}");
        assert!(inventory.skipped.iter().all(|(_, skipped)| !skipped.conceals_packages), "{name}");
        assert_eq!(inventory.obstacles, [], "{name}");
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn shared_or_skip(what: &str) -> Option<std::path::PathBuf> {
    let data = layout::shared();
    if data.is_none() {
        eprintln!("skipped: {what}, because the shared images are not at hand");
    }
    data
}

#[test]
fn alpine_images_have_the_packages_that_syft_lists() {
    check("alpine-3.10.3", &["alpine-3.10.3"], PackageKind::Apk, "apk", 14);
    check("alpine-3.18", &["alpine-3.18"], PackageKind::Apk, "apk", 15);
    check("alpine-3.18-zstd", &["alpine-3.18-zstd"], PackageKind::Apk, "apk", 15);
    check("alpine-3.18-docker-v2s2", &["alpine-3.18-docker-v2s2"], PackageKind::Apk, "apk", 15);
    let platforms = ["alpine-3.15-multiarch.amd64", "alpine-3.15-multiarch.arm64"];
    check("alpine-3.15-multiarch", &platforms, PackageKind::Apk, "apk", 14);
}

#[test]
fn debian_images_have_the_packages_that_syft_lists() {
    check("debian-11.11-slim-dpkgonly", &["debian-11.11-slim-dpkgonly"], PackageKind::Deb, "deb", 98);
    check("debian-12-slim-dpkgonly", &["debian-12-slim-dpkgonly"], PackageKind::Deb, "deb", 99);
}

#[test]
fn an_upgraded_and_partly_deleted_image_has_what_is_left() {
    check("layers-upgrade-whiteout", &["layers-upgrade-whiteout"], PackageKind::Apk, "apk", 12);
    check("layers-upgrade-whiteout", &["layers-upgrade-whiteout"], PackageKind::PyPi, "python", 3);
}

#[test]
fn language_packages_are_those_that_syft_lists() {
    check("app-node-alpine3.15", &["app-node-alpine3.15"], PackageKind::Npm, "npm", 112);
    check("app-python-alpine3.18", &["app-python-alpine3.18"], PackageKind::PyPi, "python", 18);
    check("app-rust-auditable", &["app-rust-auditable"], PackageKind::Cargo, "rust-crate", 13);
}

/// The packages of an image whose names or versions we write otherwise than syft does.
fn listed(image: &str, kind: PackageKind) -> Option<Vec<String>> {
    let data = shared_or_skip(image)?;
    let images = layout::images(&data.join("images").join(image));
    let rows = rows(&index(images.first().unwrap()), kind);
    Some(rows.into_iter().map(|(name, version, _)| format!("{name} {version}")).collect())
}

#[test]
fn a_program_without_a_package_is_recognised() {
    for image in ["busybox-musl", "scratch-static-busybox"] {
        let Some(packages) = listed(image, PackageKind::Binary) else { return };
        assert_eq!(packages, ["busybox 1.38.0"], "{image}");
    }
}

#[test]
fn a_program_that_a_package_owns_is_not_listed_twice() {
    for image in ["alpine-3.18", "alpine-3.10.3", "almalinux-9.0-micro-arm64"] {
        let Some(packages) = listed(image, PackageKind::Binary) else { return };
        assert_eq!(packages, [] as [&str; 0], "{image}");
    }
}

#[test]
fn a_go_program_has_its_module_and_the_standard_library() {
    let Some(packages) = listed("app-go-stdlib-scratch", PackageKind::Golang) else { return };
    assert_eq!(packages, ["example.com/acme/demo (devel)", "stdlib 1.27.3"]);
}

#[test]
fn java_archives_are_read_inside_each_other() {
    let Some(packages) = listed("app-java-nested-small", PackageKind::Maven) else { return };
    assert_eq!(
        packages,
        [
            "com.example:shop 0.0.1",
            "org.apache.logging.log4j:log4j-api 2.14.1",
            "org.apache.logging.log4j:log4j-core 2.14.1"
        ]
    );
}

#[test]
fn rpm_databases_of_all_three_forms_have_the_packages_that_syft_lists() {
    for (image, count) in [
        ("assembled-mariner-2.0-rpmsqlite", 129),
        ("almalinux-9.0-micro-arm64", 20),
        ("assembled-centos-libuuid-rpmbdb", 1),
        ("assembled-sle15-bci-rpmndb", 35),
    ] {
        let Some(data) = shared_or_skip(image) else { return };
        let images = layout::images(&data.join("images").join(image));
        let inventory = index(images.first().unwrap());
        let without_source = |rows: Vec<Row>| -> Vec<(String, String)> {
            rows.into_iter().map(|(name, version, _)| (name, version)).collect()
        };
        let ours = without_source(rows(&inventory, PackageKind::Rpm));
        assert_eq!(ours.len(), count, "{image}");
        assert_eq!(ours, without_source(syft(&data, image, "rpm")), "{image}");
        let has_source = inventory.packages.iter().all(|installed| installed.package.source.is_some());
        assert!(has_source, "{image}");
        assert_eq!(inventory.skipped, [], "{image}");
    }
}
