//! Attacks of the checklist that no other test stands for; `docs/security/attacks.md` says which test covers which item.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use flate2::Compression;
use flate2::write::ZlibEncoder;
use indexer::build::{HeaderBlock, LayerBuilder, elf, media_type};
use indexer::codec::Codec;
use indexer::{Limits, index_layer};
use inventory::{ImageInventory, LayerInventory, Obstacle, coalesce};
use std::io::Write;
use std::path::Path;

const INSTALLED: &str = "P:musl\nV:1.2.4-r2\n\n";
const RELEASE: &str = "ID=alpine\nVERSION_ID=3.18.9\n";

fn layer(make: impl FnOnce(&mut LayerBuilder<Vec<u8>>)) -> LayerInventory {
    let mut layer = LayerBuilder::new(Vec::new(), Codec::Plain).unwrap();
    make(&mut layer);
    let bytes = layer.finish().unwrap();
    index_layer(&bytes[..], media_type(Codec::Plain), &Limits::default()).unwrap()
}

fn image(make: impl FnOnce(&mut LayerBuilder<Vec<u8>>)) -> ImageInventory {
    coalesce(&[layer(make)])
}

#[test]
fn sources_of_the_indexer_never_touch_the_file_system() {
    // A7, A8, A15: what cannot create a file cannot write outside of a root or leave one behind.
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut read = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let product = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for word in
            ["std::fs", "std::net", "std::process", "std::env", "tempfile", "File::create", "File::open"]
        {
            assert!(!product.contains(word), "{} has {word}", path.display());
        }
        read += 1;
    }
    assert!(read > 60, "{read}");
}

#[test]
fn a_chain_of_ten_thousand_links_is_an_obstacle_and_no_empty_list() {
    // A9.
    for length in [1, 41, 10_000] {
        let found = image(|layer| {
            layer.file("etc/os-release", RELEASE).unwrap();
            layer.file("lib/apk/db/real", INSTALLED).unwrap();
            layer.symbolic_link("lib/apk/db/installed", "hop0").unwrap();
            for hop in 0..length {
                layer.symbolic_link(&format!("lib/apk/db/hop{hop}"), &format!("hop{}", hop + 1)).unwrap();
            }
        });
        assert!(!found.obstacles.is_empty(), "{length}");
    }
    let circle = image(|layer| {
        layer.symbolic_link("etc/os-release", "../usr/lib/os-release").unwrap();
        layer.symbolic_link("usr/lib/os-release", "/etc/os-release").unwrap();
        layer.file("lib/apk/db/installed", INSTALLED).unwrap();
    });
    assert!(circle.obstacles.iter().any(|found| matches!(found, Obstacle::Unread { .. })), "{circle:?}");
}

#[test]
fn hard_links_to_nothing_and_devices_in_the_place_of_a_database_are_obstacles() {
    // A10.
    let absent = image(|layer| {
        layer.file("etc/os-release", RELEASE).unwrap();
        layer.hard_link("lib/apk/db/installed", "lib/apk/db/later").unwrap();
    });
    assert!(!absent.obstacles.is_empty());
    for kind in [b'3', b'4', b'6'] {
        let device = image(|layer| {
            layer.file("etc/os-release", RELEASE).unwrap();
            layer.raw(HeaderBlock::new("lib/apk/db/installed", kind, 0).sealed()).unwrap();
        });
        assert!(!device.obstacles.is_empty(), "{kind}");
    }
}

/// A program with this audit.
fn audited(section: &[u8]) -> Vec<u8> {
    elf(&[(".dep-v0", section)])
}

#[test]
fn an_audit_section_that_inflates_without_end_is_cut() {
    // B6.
    let deflated = |content: &[u8]| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    };
    let good = deflated(br#"{"packages":[{"name":"regex","version":"1.5.4"}]}"#);
    let found = layer(|layer| {
        layer.executable("app", audited(&good)).unwrap();
    });
    assert_eq!(found.databases.len(), 1);
    let bomb = deflated(&vec![b' '; 64 << 20]);
    let found = layer(|layer| {
        layer.executable("app", audited(&bomb)).unwrap();
    });
    assert_eq!(found.databases, []);
    assert!(found.skipped.iter().any(|skipped| skipped.conceals_packages));
}

#[test]
fn long_names_and_versions_are_faults() {
    // B9.
    for version in ["1".repeat(1 << 20), "1:".repeat(100_000), "1\u{0}".to_owned()] {
        let found = layer(|layer| {
            layer.file("lib/apk/db/installed", format!("P:a\nV:{version}\n\nP:b\nV:1\n\n")).unwrap();
        });
        let names: Vec<&str> = found
            .databases
            .iter()
            .flat_map(|database| &database.packages)
            .map(|package| &*package.name)
            .collect();
        assert_eq!(names, ["b"]);
        assert!(found.skipped.iter().any(|skipped| skipped.conceals_packages));
    }
}

#[test]
fn bills_and_statements_that_an_image_carries_are_ignored() {
    // B10: an image says nothing of itself that counts against what is found in it.
    let found = image(|layer| {
        layer.file("etc/os-release", RELEASE).unwrap();
        layer.file("lib/apk/db/installed", INSTALLED).unwrap();
        for path in ["sbom.cdx.json", "usr/share/sbom/app.spdx.json", "vex.openvex.json", "opt/.trivyignore"]
        {
            layer.file(path, r#"{"bomFormat":"CycloneDX","components":[],"statements":[]}"#).unwrap();
        }
    });
    assert_eq!(found.packages.len(), 1);
    assert_eq!(found.skipped, []);
}

#[test]
fn lists_of_files_cannot_grow_without_end() {
    // B1 for what packages own: the answer is cut, nothing is concealed, and packages are still there.
    let limits = Limits { owned_paths: 100, ..Limits::default() };
    let mut layer = LayerBuilder::new(Vec::new(), Codec::Plain).unwrap();
    let files: String = (0..10_000).map(|number| format!("R:{number}\n")).collect();
    layer.file("lib/apk/db/installed", format!("P:a\nV:1\nF:usr/bin\n{files}\n{INSTALLED}")).unwrap();
    let bytes = layer.finish().unwrap();
    let found = index_layer(&bytes[..], media_type(Codec::Plain), &limits).unwrap();
    assert_eq!(found.databases[0].packages.len(), 2);
    let owned: usize =
        found.ownership.iter().flat_map(|ownership| &ownership.owners).map(|owner| owner.paths.len()).sum();
    assert_eq!(owned, 100);
    assert!(found.skipped.iter().all(|skipped| !skipped.conceals_packages));
    assert_eq!(found.skipped.len(), 1);
}

#[test]
fn many_files_that_say_nothing_conceal_nothing() {
    let limits = Limits { links: 100, footprint: 500, ..Limits::default() };
    let mut layer = LayerBuilder::new(Vec::new(), Codec::Plain).unwrap();
    for number in 0..1000 {
        layer.file(&format!("node_modules/p{number}/package.json"), "{}").unwrap();
    }
    layer.file("lib/apk/db/installed", INSTALLED).unwrap();
    let bytes = layer.finish().unwrap();
    let found = index_layer(&bytes[..], media_type(Codec::Plain), &limits).unwrap();
    assert_eq!((found.databases.len(), found.footprint.len(), found.skipped.len()), (1, 500, 1));
    assert!(!found.skipped[0].conceals_packages);
}

#[test]
fn every_test_that_the_page_names_exists() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(crates.join("../docs/security/attacks.md")).unwrap();
    let mut folders = vec![crates];
    let mut tests = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                tests.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut items = 0;
    for line in page.lines().filter(|line| line.starts_with("| A") || line.starts_with("| B")) {
        items += 1;
        // Every second piece stands between backticks; a name of a file or a target has a dot, a slash or no underscore.
        let named = line.split('`').skip(1).step_by(2);
        for name in named.filter(|name| name.contains('_') && !name.contains(['.', '/'])) {
            assert!(tests.contains(&format!("fn {name}(")), "there is no test {name}");
        }
    }
    assert_eq!(items, 15 + 12);
}
