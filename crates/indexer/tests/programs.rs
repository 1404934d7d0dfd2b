//! Programs and libraries: which files are looked into, whatever their permissions say.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[expect(dead_code, reason = "shared with other tests")]
#[path = "support/seeds.rs"]
mod seeds;

use indexer::build::{LayerBuilder, media_type};
use indexer::codec::Codec;
use indexer::{Limits, index_layer};
use inventory::LayerInventory;

fn layer(make: impl FnOnce(&mut LayerBuilder<Vec<u8>>)) -> LayerInventory {
    let mut builder = LayerBuilder::new(Vec::new(), Codec::Plain).unwrap();
    make(&mut builder);
    index_layer(&builder.finish().unwrap()[..], media_type(Codec::Plain), &Limits::default()).unwrap()
}

#[test]
fn a_program_without_permission_to_run_is_read_like_any_other() {
    let places = ["opt/app", "usr/lib/libapp.so.1", "srv/node_modules/@swc/core-linux/swc.node"];
    let found = layer(|builder| {
        for place in places {
            builder.file(place, seeds::program()).unwrap();
        }
        builder.executable("opt/app.bin", seeds::program()).unwrap();
        // A document with the bytes of a program in it is none.
        builder.file("srv/app.txt", seeds::program()).unwrap();
    });
    let paths: Vec<&str> = found.databases.iter().map(|database| database.path.as_str()).collect();
    assert_eq!(paths, [&places[..], &["opt/app.bin"]].concat());
    for database in &found.databases {
        let names: Vec<&str> = database.packages.iter().map(|package| &*package.name).collect();
        assert_eq!(names, ["stdlib"], "{}", database.path);
    }
}

#[test]
fn a_packed_program_is_recorded() {
    let mut packed = b"\x7fELF\x02\x01\x01".to_vec();
    packed.resize(240, 0);
    packed.extend(b"UPX!\x0e\x16\x0e\x0a");
    let found = layer(|builder| {
        builder.executable("usr/bin/app", &packed).unwrap();
    });
    assert!(found.databases.is_empty());
    let skipped: Vec<String> =
        found.skipped.iter().map(|skipped| format!("{} {:?}", skipped.path, skipped.why)).collect();
    assert_eq!(skipped.len(), 1, "{skipped:?}");
    assert!(skipped[0].starts_with("usr/bin/app Unsupported(\"a program packed by UPX"), "{skipped:?}");
    assert!(found.skipped[0].conceals_packages);
}
