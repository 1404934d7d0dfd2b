//! Bills of materials: what is in them, and what comes back.

use super::{BillLimits, FORMATS, Subject, read};
use crate::{
    Distribution, Ecosystem, ImageInventory, InstalledPackage, LayerPath, Obstacle, Package, PackageKind,
    Presence, SourcePackage,
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
        presence: Presence::Installed,
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
        .filter(|name| name != "tests" && name != "reading")
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

/// Packages of every kind, with everything that a package can have.
fn many() -> ImageInventory {
    let mut inventory = inventory(Vec::new());
    let mut add = |kind, name: &str, version: &str, source: Option<(&str, &str)>| {
        let source = source
            .map(|(name, version)| SourcePackage { name: name.to_owned(), version: version.to_owned() });
        let package = Package {
            kind,
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: None,
            source,
            module: None,
        };
        let path = LayerPath::from_bytes(b"x").unwrap();
        let (presence, owned_by) = (Presence::Installed, None);
        inventory.packages.push(InstalledPackage { package, path, layer: 0, presence, owned_by });
    };
    add(PackageKind::Npm, "@babel/core", "7.1.0", None);
    add(PackageKind::Maven, "org.apache.logging.log4j:log4j-core", "2.14.1", None);
    add(PackageKind::Golang, "github.com/a/b/v2", "v2.0.0+incompatible", None);
    add(PackageKind::Swift, "github.com/apple/swift-nio", "2.40.0", None);
    add(PackageKind::Rpm, "bind-libs", "32:9.16.23-1.el9", Some(("bind", "32:9.16.23-1.el9")));
    add(PackageKind::Deb, "libc6", "2.36-9+deb12u9", Some(("glibc", "2.36-9+deb12u9")));
    add(PackageKind::Deb, "a", "1.0+b1", Some(("b", "1.0")));
    add(PackageKind::Binary, "node", "20.10.0", None);
    add(PackageKind::WordPress, "contact-form-7", "5.1", None);
    inventory
}

#[test]
fn every_form_reads_back() {
    for format in FORMATS {
        let inventory = many();
        let text = (format.write)(&inventory, &SUBJECT);
        let bill = read(text.as_bytes(), &BillLimits::default()).unwrap();
        let packages: Vec<Package> =
            inventory.packages.iter().map(|installed| installed.package.clone()).collect();
        assert_eq!(bill.packages, packages, "{}", format.name);
        assert_eq!(bill.passed_over, 0, "{}", format.name);
        let found = bill.distribution.unwrap();
        assert_eq!((&*found.id, found.ecosystem), ("alpine", Some(Ecosystem::new("Alpine:v3.18"))));
        assert!(!bill.is_incomplete);
        let incomplete =
            (format.write)(&super::tests::inventory(vec![Obstacle::DistributionUnknown]), &SUBJECT);
        assert!(
            read(incomplete.as_bytes(), &BillLimits::default()).unwrap().is_incomplete,
            "{}",
            format.name
        );
    }
}

#[test]
fn bills_of_others_are_read_as_far_as_they_are_understood() {
    let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.4","components":[
        {"type":"library","name":"a","version":"1","purl":"pkg:rpm/rhel/a@1-2?arch=x86_64&epoch=0&upstream=b-1-2.src.rpm"},
        {"type":"file","name":"x"},{"type":"library","name":"y","purl":"pkg:unheard-of/y@1"},
        {"type":"library","name":"z","purl":"pkg:npm/z"},{"type":"library","purl":"pkg:npm/%zz@1"}]}"#;
    let bill = read(text.as_bytes(), &BillLimits::default()).unwrap();
    let [package] = &bill.packages[..] else { panic!("{:?}", bill.packages) };
    assert_eq!((&*package.name, &*package.version), ("a", "0:1-2"));
    assert_eq!(package.source.as_ref().unwrap().name, "b");
    assert_eq!(bill.passed_over, 4);
}

#[test]
fn what_is_no_bill_or_too_large_is_refused() {
    let limits = BillLimits { bytes: 300, components: 2, text_bytes: 20 };
    let refusal = |text: &str| read(text.as_bytes(), &limits).unwrap_err().to_string();
    for text in ["", "[]x", "{", "3"] {
        assert!(refusal(text).contains("cannot be decoded"), "{text}");
    }
    assert!(refusal("{}").contains("neither"));
    assert!(refusal(r#"{"bomFormat":"CycloneDX","spdxVersion":"SPDX-2.3"}"#).contains("neither"));
    assert!(refusal(&" ".repeat(301)).contains("301 bytes"));
    assert!(refusal(r#"{"bomFormat":"CycloneDX","components":[{},{},{}]}"#).contains("3 components"));
    let long =
        format!(r#"{{"bomFormat":"CycloneDX","components":[{{"purl":"pkg:npm/{}@1"}}]}}"#, "a".repeat(30));
    assert!(refusal(&long).contains("bytes in a package URL"));
}
