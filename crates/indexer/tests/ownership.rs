//! From the bytes of layers to whose files packages are: lists of files, lock files and programs, end to end.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use indexer::build::{LayerBuilder, media_type};
use indexer::codec::Codec;
use indexer::{Limits, index_layer};
use inventory::{LayerInventory, coalesce};

fn layer(make: impl FnOnce(&mut LayerBuilder<Vec<u8>>)) -> LayerInventory {
    let mut layer = LayerBuilder::new(Vec::new(), Codec::Gzip).unwrap();
    make(&mut layer);
    let bytes = layer.finish().unwrap();
    index_layer(&bytes[..], media_type(Codec::Gzip), &Limits::default()).unwrap()
}

/// One line for each package: name, version, and its owner.
fn listed(layers: &[LayerInventory]) -> Vec<String> {
    let image = coalesce(layers);
    assert_eq!(image.obstacles, []);
    let line = |installed: &inventory::InstalledPackage| {
        let owner =
            installed.owned_by.as_ref().map(|owner| format!(" of {}", owner.name)).unwrap_or_default();
        format!("{} {}{owner}", installed.package.name, installed.package.version)
    };
    image.packages.iter().map(line).collect()
}

const BUSYBOX: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0BusyBox v1.36.1 (2023-11-14)\0";

fn debian(layer: &mut LayerBuilder<Vec<u8>>) {
    layer.file("etc/os-release", "ID=debian\nVERSION_ID=12\n").unwrap();
    let status = "Package: python3-six\nStatus: install ok installed\nVersion: 1.16.0-4\n\n\
                  Package: busybox\nStatus: install ok installed\nVersion: 1:1.35.0-4\n";
    layer.file("var/lib/dpkg/status", status).unwrap();
    let list = "/.\n/usr\n/usr/lib/python3/dist-packages/six-1.16.0.egg-info\n/usr/lib/python3/dist-packages/six.py\n";
    layer.file("var/lib/dpkg/info/python3-six.list", list).unwrap();
    layer.file("var/lib/dpkg/info/busybox.list", "/.\n/bin\n/bin/busybox\n").unwrap();
    layer.file("usr/lib/python3/dist-packages/six-1.16.0.egg-info", "Name: six\nVersion: 1.16.0\n").unwrap();
    layer.symbolic_link("bin", "usr/bin").unwrap();
    layer.executable("usr/bin/busybox", BUSYBOX).unwrap();
}

#[test]
fn packages_of_dpkg_own_their_files_across_layers() {
    let base = layer(debian);
    assert_eq!(
        listed(std::slice::from_ref(&base)),
        ["six 1.16.0 of python3-six", "busybox 1:1.35.0-4", "python3-six 1.16.0-4"]
    );
    let own = layer(|layer| {
        let path = "usr/local/lib/python3.11/site-packages/six-1.17.0.dist-info/METADATA";
        layer.file(path, "Name: six\nVersion: 1.17.0\n").unwrap();
        layer.executable("opt/busybox", BUSYBOX).unwrap();
    });
    assert_eq!(
        listed(&[base, own]),
        [
            "busybox 1.36.1",
            "six 1.16.0 of python3-six",
            "six 1.17.0",
            "busybox 1:1.35.0-4",
            "python3-six 1.16.0-4"
        ]
    );
}

#[test]
fn four_hundred_names_of_one_program_are_one_package() {
    let image = [layer(|layer| {
        layer.executable("bin/[", BUSYBOX).unwrap();
        for number in 0..400 {
            layer.hard_link(&format!("bin/applet{number}"), "bin/[").unwrap();
        }
    })];
    assert_eq!(listed(&image), ["busybox 1.36.1"]);
    // The other names keep the program when a later layer deletes the first.
    let gone = layer(|layer| {
        layer.whiteout("bin/[").unwrap();
    });
    let [image] = image;
    assert_eq!(listed(&[image, gone]), ["busybox 1.36.1"]);
}

#[test]
fn a_manifest_that_says_nothing_takes_away_what_lower_layers_had() {
    let path = "app/node_modules/a/package.json";
    let lower = layer(|layer| {
        layer.file(path, r#"{"name":"a","version":"1.0.0"}"#).unwrap();
        layer.file("app/node_modules/b/package.json", r#"{"name":"b","version":"1.0.0"}"#).unwrap();
    });
    let upper = layer(|layer| {
        layer.file(path, r#"{"private":true}"#).unwrap();
    });
    assert_eq!(listed(&[lower, upper]), ["b 1.0.0"]);
}

#[test]
fn a_lock_file_speaks_only_for_what_is_not_installed() {
    let lock = r#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"version":"2.0.0"}}}"#;
    let bundle = layer(|layer| {
        layer.file("app/package-lock.json", lock).unwrap();
    });
    assert_eq!(listed(std::slice::from_ref(&bundle)), ["a 1.0.0", "b 2.0.0"]);
    let installed = layer(|layer| {
        layer.file("app/node_modules/a/package.json", r#"{"name":"a","version":"1.0.0"}"#).unwrap();
    });
    assert_eq!(listed(&[bundle, installed]), ["a 1.0.0"]);
}
