//! Documents of known images, and their way back.

use super::{FORMATS, Subject};
use crate::{
    Distribution, Ecosystem, ImageInventory, InstalledPackage, LayerPath, Obstacle, Origin, Package,
    PackageKind, SourcePackage,
};
use serde_json::Value;
use std::collections::BTreeSet;

const SUBJECT: Subject<'_> = Subject {
    name: "registry.example.com/app:1.0",
    digest: "sha256:0123",
    timestamp: "2026-11-24T08:30:00Z",
    serial: "3e671687-395b-41f5-a30f-a58921a69b79",
    tool_version: "0.1.0",
};

fn inventory(obstacles: Vec<Obstacle>) -> ImageInventory {
    let package = |name: &str| Package {
        kind: PackageKind::Apk,
        name: name.to_owned(),
        version: "1.36.1-r7".to_owned(),
        architecture: Some("x86_64".to_owned()),
        source: Some(SourcePackage { name: "busybox".to_owned(), version: "1.36.1-r7".to_owned() }),
        module: None,
    };
    let installed = |name: &str| InstalledPackage {
        package: package(name),
        path: LayerPath::from_bytes(b"lib/apk/db/installed").unwrap(),
        layer: 0,
        origin: Origin::Installed,
        owned_by: None,
    };
    ImageInventory {
        distribution: Some(Distribution {
            id: "alpine".to_owned(),
            version: "3.18.9".to_owned(),
            pretty_name: "Alpine Linux v3.18".to_owned(),
            ecosystem: Some(Ecosystem::new("Alpine:v3.18")),
        }),
        packages: vec![installed("busybox"), installed("ssl_client"), installed("ssl_client")],
        obstacles,
        skipped: Vec::new(),
        content_sets: Vec::new(),
    }
}

fn written(name: &str, inventory: &ImageInventory) -> Value {
    let format = FORMATS.iter().find(|format| format.name == name).unwrap();
    serde_json::from_str(&(format.write)(inventory, &SUBJECT)).unwrap()
}

fn text<'v>(document: &'v Value, pointer: &str) -> &'v str {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or("nothing")
}

#[test]
fn every_format_file_is_registered() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sbom");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| name != "tests")
        .collect();
    files.sort();
    assert_eq!(FORMATS.iter().map(|format| format.name).collect::<Vec<_>>(), files);
}

#[test]
fn cyclonedx_has_what_the_schema_demands() {
    let document = written("cyclonedx", &inventory(Vec::new()));
    let purl = "pkg:apk/alpine/ssl_client@1.36.1-r7?arch=x86_64&distro=alpine-3.18.9&upstream=busybox";
    for (pointer, expected) in [
        ("/bomFormat", "CycloneDX"),
        ("/specVersion", "1.6"),
        ("/serialNumber", "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"),
        ("/metadata/timestamp", "2026-11-24T08:30:00Z"),
        ("/metadata/component/type", "container"),
        ("/components/0/type", "operating-system"),
        ("/components/2/purl", purl),
        ("/compositions/0/aggregate", "unknown"),
    ] {
        assert_eq!(text(&document, pointer), expected, "{pointer}");
    }
    let components = document.pointer("/components").and_then(Value::as_array).unwrap();
    let references: BTreeSet<&str> = components.iter().map(|component| text(component, "/bom-ref")).collect();
    assert_eq!(references.len(), 4, "each has a reference of its own");
}

#[test]
fn spdx_has_what_the_schema_demands() {
    let document = written("spdx", &inventory(Vec::new()));
    for (pointer, expected) in [
        ("/spdxVersion", "SPDX-2.3"),
        ("/dataLicense", "CC0-1.0"),
        ("/creationInfo/created", "2026-11-24T08:30:00Z"),
        ("/packages/0/primaryPackagePurpose", "CONTAINER"),
        ("/packages/0/checksums/0/checksumValue", "0123"),
        ("/packages/2/name", "busybox"),
        ("/relationships/0/relationshipType", "DESCRIBES"),
        ("/relationships/1/relatedSpdxElement", "SPDXRef-distribution"),
        ("/relationships/4/relatedSpdxElement", "SPDXRef-package-3"),
    ] {
        assert_eq!(text(&document, pointer), expected, "{pointer}");
    }
    assert!(document.pointer("/packages/0/comment").is_none());
}

#[test]
fn incomplete_inventory_says_so_in_every_form() {
    for format in FORMATS {
        let document = (format.write)(&inventory(vec![Obstacle::DistributionUnknown]), &SUBJECT);
        assert!(document.contains("no release file says which distribution"), "{}", format.name);
        assert!(document.contains("incomplete"), "{}", format.name);
    }
}
